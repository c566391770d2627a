"""The whole way of a batch: alignment, donning, kernel, stride, decision, cue. The same object runs in firmware and on the host."""

from array import array

from . import align, donning, faults, kernel, saved, trig
from .align import Aligner
from .bias import BiasRefresh
from .cadence import Metronome
from .donning import Donning
from .flexion import FLEX_HIGH_MV, FLEX_LOW_MV, FlexLevel
from .saved import CutError, Loader, Saver
from .strides import Strides

# what a batch brought, as bits of `Pipeline.batch`'s result
STOOD, ACCEPTED, REFUSED, STRIDES, REFRESHED, BEAT = 1, 2, 4, 8, 16, 32


def _zeros(n):
    """array('i') of n words (a multiple of 256), grown piece by piece: made from bytes it would need its 12 KiB twice."""
    a, piece = array("i"), array("i", bytearray(1024))
    while len(a) < n:
        a.extend(piece)
    return a


class Pipeline:
    """One run. Fill `shank` and `thigh` (int16, gyro xyz then accel xyz per sample, at most 64 samples each), then call `batch`.

    After STRIDES, `stride_count` records stand in `strides` (array('i'), `stride.FIELD_COUNT` words each).
    After BEAT, a beat of `metronome.beat_ms` is due `metronome.delay_us` after this batch.
    Allocates while donning and at its acceptance; not while running.
    """

    def __init__(self, params, calibration=None):
        self._history = _zeros(kernel.COLUMNS * kernel.SAMPLES)
        self.shank = array("h", bytearray(2 * align.MAX_IN * 6))
        self.thigh = array("h", bytearray(2 * align.MAX_IN * 6))
        self.aligner = Aligner()
        self.metronome = Metronome(params)
        self.batches = 0
        self.accepted_batch = -1
        self.calibration = None
        self.fault = faults.NONE
        self._params = params
        self._table = trig.table()
        self._strides = Strides(params, self._history)
        self._running = False
        self._saver = Saver()
        self._donning = None if calibration else Donning(params)
        self._given = calibration or None
        if calibration:
            self.calibration, self.accepted_batch = calibration, 0

    @property
    def strides(self):
        """The records of the last batch's strides."""
        return self._strides.records

    @property
    def stride_count(self):
        """How many strides the last batch completed."""
        return self._strides.count

    @property
    def given(self):
        """True if the calibration was given, so that there is no donning."""
        return self._given is not None

    @property
    def running(self):
        """True once a calibration is in force and strides are looked for."""
        return self._running

    @property
    def standing(self):
        """True while the donning waits for the wearer to stand still."""
        return self._donning is not None and self._donning.phase == donning.STANDING

    @property
    def squats(self):
        """Good squats counted so far in the donning."""
        return self._donning.sums.good if self._donning else 0

    def batch(self, n_shank, n_thigh, mv):
        """Run one batch; mv is the flex reading (-1: none). Returns bits STOOD ... BEAT."""
        self.batches += 1
        if not n_shank and not n_thigh:
            return 0
        if self._given and not self._running:
            self._start_given(mv)
        if self._running and self._level.empty:
            self._level.start(mv)
        n = self.aligner.push(self.shank, n_shank, self.thigh, n_thigh)
        if self._running or self._donning is None:
            return self._detect(n, mv)
        return self._don(self._donning, n, mv)

    def gap(self, lost):
        """After lost samples: a donning begins anew, a run goes on with the next whole stride; baseline and policy are kept."""
        self.aligner.gap(lost)
        if self._running:
            self._strides.gap(lost)
            self._bias.restart()
            kernel.restart(self._state, self.aligner.next_k)
            self._level.clear()
        elif self._donning:
            self._donning = Donning(self._params)

    def _don(self, d, n, mv):
        if d.phase == donning.DONE:
            return 0
        phase = d.phase
        d.step(self.aligner.out, n, mv)
        if d.phase == phase:
            return 0
        if d.phase == donning.SQUATS:
            return STOOD
        self.accepted_batch = self.batches
        self.calibration = d.calibration
        if d.calibration[0]:
            self.fault = faults.DONNING_REFUSED
            return REFUSED
        if not d.calibration[30]:
            self.fault = faults.FLEX_DEGRADED if d.sums.has_flex else faults.FLEX_MISSING
        self._start(mv)
        return ACCEPTED

    def _start_given(self, mv):
        if not FLEX_LOW_MV <= mv <= FLEX_HIGH_MV:
            self.fault = faults.FLEX_MISSING
        self._start(mv)

    def _start(self, mv):
        self._words = kernel.coefficients(self.calibration, self._params["arm_dps"])
        self._bias = BiasRefresh(self.calibration)
        self._level = FlexLevel(self.calibration, self._params["flex_window"])
        self._state = kernel.fresh_state(self.aligner.next_k)
        self._level.start(mv)
        self._running = True

    def _detect(self, n, mv):
        self._strides.begin()
        found = 0
        if n:
            s, samples = self._state, self.aligner.out
            kernel.step(samples, n, self._level.offset(), self._words, s, self._history, self._table)
            self._level.push(mv, s[kernel.S_G])
            for e in range(s[kernel.S_EVENTS]):
                self._stance(s, kernel.S_EVENT0 + kernel.EVENT_WORDS * e)
            if self._strides.count:
                found = STRIDES
            if self._bias.step(samples, n):
                kernel.set_biases(self._words, self.calibration, self._bias.bias)
                found |= REFRESHED
        if self.metronome.step(self.aligner.n_s, self._strides.last_ic):
            found |= BEAT
        return found

    def _stance(self, s, at):
        strides = self._strides
        jerk, clipped_at = s[at + 2] - kernel.H_BIAS, s[at + 3] - 0x10000000
        was_ready = strides.baseline.ready
        strides.stance(s[at], s[at + 1], jerk, clipped_at, s[at + 4], self.batches, self.aligner.n_s)
        if strides.baseline.ready and not was_ready:
            self.metronome.set_own(strides.baseline.own_stride_samples)

    def save(self, out, at=0, n=-1):
        """Write the state after this batch into n bytes (-1: all that is there) of `out` (bytearray) from `at` on.

        Returns how many it takes; 0: not running, or n is too few.
        With the same parameters and calibration `restore` goes on from there as if nothing had been between. Allocates nothing.
        """
        if not self._running:
            return 0
        c = self._saver
        c.begin(out, at, n if n >= 0 else len(out) - at)
        self._state_words(c)
        return c.at - at if c.at > at else 0

    def restore(self, state, n):
        """Go on from the first n bytes of `state`; made with the calibration in force.

        Raises ValueError where they are no state of this version; then this object is of no use any more.
        """
        if not self.calibration:
            raise ValueError("a state needs the calibration that it was saved with")
        self._start(-1)
        try:
            self._state_words(Loader(state, n))
        except (CutError, IndexError):
            self._running = False
            raise ValueError("the saved state is cut or damaged") from None
        kernel.set_biases(self._words, self.calibration, self._bias.bias)

    def _state_words(self, c):
        if c.word(saved.VERSION) != saved.VERSION:
            raise ValueError("the saved state is of another version")
        self.batches = c.word(self.batches)
        self.accepted_batch = c.word(self.accepted_batch)
        self.fault = c.word(self.fault)
        self.aligner.state(c)
        self._level.state(c)
        self._bias.state(c)
        self._strides.state(c)
        self.metronome.state(c)
        kernel.state(c, self._state, self._history, self._strides.gate)
