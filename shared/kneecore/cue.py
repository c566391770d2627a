"""The cue policy: whether, when and how long the motor answers a stride that was over (docs/detector.md §7)."""

from array import array

from .compat import const
from .intmath import clamp
from .stride import R_CADENCE, R_CUED, R_DUTY, R_FADED, R_K_OF_N, R_LATE, R_NO_ROOM, R_QUIET

QUIET, VALGUS, CADENCE = range(3)  # cue_mode

LATEST_SAMPLES = const(83)  # 399 ms after contact
_GUARD_SAMPLES = const(6)  # the pulse ends 29 ms before the next contact
_DUTY_SAMPLES = const(12480)  # 60 s
_DUTY_MS = const(12000)  # 20 % of it
_PULSES = const(256)  # 60 s hold at most 200 pulses of 60 ms within the duty


def share_pct(run_number):
    """Share of eligible strides that are cued in this run of the faded schedule (eight runs: 100 % in 1-4, then 75, 50, 25, 0)."""
    return (100, 100, 100, 100, 75, 50, 25, 0)[clamp(run_number, 1, 8) - 1]


class CuePolicy:
    """State of the policy: schedule, k of n, duty. `cue_ms` is the pulse of the last decision (0: none)."""

    def __init__(self, params):
        self._mode = params["cue_mode"]
        self._k, self._n = params["cue_k"], params["cue_n"]
        self._min_ms, self._max_ms = params["cue_min_ms"], params["cue_max_ms"]
        self._gain = params["cue_gain_ms_per_deg"]
        self._share = share_pct(params["run_number"])
        self._acc = 0
        self._recent = 0  # bit 0: the newest judged stride was over
        self._at = array("i", bytearray(4 * _PULSES))
        self._ms = array("i", bytearray(4 * _PULSES))
        self._head = self._tail = 0
        self._spent_ms = 0
        self.cue_ms = 0

    def not_over(self):
        """A judged stride that was within."""
        self._recent = (self._recent << 1) & 0xFF

    def over(self, excess_mdeg, ic, stride_samples, now):
        """Reason code for a stride that was over; sets `cue_ms`. ic and now in shank samples, excess over the threshold in m°."""
        self._recent = ((self._recent << 1) | 1) & 0xFF
        self.cue_ms = 0
        if self._mode != VALGUS:
            return R_CADENCE if self._mode == CADENCE else R_QUIET
        if not self._enough():
            return R_K_OF_N
        if not self._scheduled():
            return R_FADED
        if now - ic > LATEST_SAMPLES:
            return R_LATE
        room_ms = ((ic + stride_samples - _GUARD_SAMPLES - now) * 625) // 130
        if room_ms < self._min_ms:
            return R_NO_ROOM
        return self._pulse(min(self._wanted_ms(excess_mdeg), room_ms), now)

    def _enough(self):
        bits, count = self._recent & ((1 << self._n) - 1), 0
        while bits:
            count += bits & 1
            bits >>= 1
        return count >= self._k

    def _scheduled(self):
        self._acc += self._share
        if self._acc < 100:
            return False
        self._acc -= 100
        return True

    def _wanted_ms(self, excess_mdeg):
        ms = self._min_ms + clamp(excess_mdeg, 0, 20000) * self._gain // 1000
        return clamp(ms, self._min_ms, self._max_ms)

    def _pulse(self, ms, now):
        """Keep the duty: at most 20 % over 60 s, by shortening, then by skipping."""
        while self._tail != self._head and now - self._at[self._tail % _PULSES] >= _DUTY_SAMPLES:
            self._spent_ms -= self._ms[self._tail % _PULSES]
            self._tail += 1
        ms = min(ms, _DUTY_MS - self._spent_ms)
        if ms < self._min_ms:
            return R_DUTY
        self._at[self._head % _PULSES] = now
        self._ms[self._head % _PULSES] = ms
        self._head += 1
        self._spent_ms += ms
        self.cue_ms = ms
        return R_CUED

    def state(self, c):
        """Pass the state through a Saver or Loader (saved.py)."""
        self._acc, self._recent = c.word(self._acc), c.word(self._recent)
        self._head, self._tail = c.word(self._head), c.word(self._tail)
        self._spent_ms = c.word(self._spent_ms)
        c.column32(self._at, 1, _PULSES - 1, 0, self._tail, self._head)
        c.column32(self._ms, 1, _PULSES - 1, 0, self._tail, self._head)
