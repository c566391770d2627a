"""The cadence cue: a metronome a little faster than the wearer's own steps (docs/detector.md §7.1)."""

from .compat import const

_RUNNING_SAMPLES = const(250)  # a contact so long ago: still running
_BATCH16 = const(67)  # sixteenths of a sample until the next batch
_UNSET = const(-1)


class Metronome:
    """`step` after every batch; when it returns True, a beat of `beat_ms` is due `delay_us` after this batch."""

    def __init__(self, params):
        self._on = params["cue_mode"] == 2
        self._up, self._longest_ms = params["cadence_up_permille"], params["cadence_beat_ms"]
        self._step16 = 0
        self._next16 = _UNSET
        self.beat_ms = self.delay_us = 0

    def set_own(self, stride_samples):
        """The wearer's own stride, 94 ... 250 samples."""
        self._step16 = 8000 * stride_samples // (1000 + self._up)
        self.beat_ms = min(self._longest_ms, self._step16 * 125 // 2080)

    def step(self, n_s, last_ic):
        """n_s: shank samples drained so far; last_ic: contact of the last reported stride."""
        if not self._on or not self._step16:
            return False
        if last_ic < n_s - _RUNNING_SAMPLES:
            self._next16 = _UNSET
            return False
        now16 = 16 * n_s
        if self._next16 == _UNSET or self._next16 < now16 - self._step16:
            self._next16 = now16
        if self._next16 >= now16 + _BATCH16:
            return False
        self.delay_us = 300 * max(self._next16 - now16, 0)
        self._next16 += self._step16
        return True

    def state(self, c):
        """Pass the state through a Saver or Loader (saved.py)."""
        self._step16 = c.word(self._step16)
        self._next16 = c.word(self._next16)
        self.beat_ms = c.word(self.beat_ms)
