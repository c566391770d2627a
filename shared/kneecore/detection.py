"""What follows a donning, batch by batch: kernel, strides, decision, cue, metronome, fresh biases (docs/detector.md §4 … §7).

Loaded when a calibration is in force: what the donning needs and what this needs do not fit a small heap together.
"""

from . import kernel
from .bias import BiasRefresh
from .cadence import Metronome
from .flexion import FLEX_HIGH_MV, FLEX_LOW_MV, FlexLevel
from .strides import Strides

STRIDES, REFRESHED, BEAT = 8, 16, 32  # what a batch brought, as bits of `batch`'s result


class Detection:
    """One run's detection with a calibration of 32 integers, in large buffers that were made before:
    history (array('i') of kernel.COLUMNS * kernel.SAMPLES words), table (`trig.table()`), records (array('i') of
    kernel.MAX_EVENTS * stride.FIELD_COUNT words). After STRIDES, `strides.count` records are filled.

    `start` comes with the first flex reading; `batch`, `gap` and `state` allocate nothing.
    """

    def __init__(self, params, calibration, history, table, records, next_k):
        self.strides = Strides(params, history, records)
        self.metronome = Metronome(params)
        self.kernel_state = kernel.fresh_state(next_k)
        self.history = history
        self.table = table
        self._calibration = calibration
        self._words = kernel.coefficients(calibration, params["arm_dps"])
        self._bias = BiasRefresh(calibration)
        self._level = FlexLevel(calibration, params["flex_window"])

    def start(self, mv):
        """The level of the flexion begins with this flex reading in mV (-1: none)."""
        self._level.start(mv)

    @staticmethod
    def has_reading(mv):
        """True if this is one of a flex sensor, in mV."""
        return FLEX_LOW_MV <= mv <= FLEX_HIGH_MV

    def before(self, mv):
        """Before a batch is aligned: the first one after a loss gives the level its beginning."""
        if self._level.empty:
            self._level.start(mv)

    def gap(self, lost, next_k):
        """Samples were lost: the next whole stride is looked for from sample next_k on; baseline and policy are kept."""
        self.strides.gap(lost)
        self._bias.restart()
        kernel.restart(self.kernel_state, next_k)
        self._level.clear()

    def batch(self, samples, n, mv, batches, n_s):
        """Take n aligned samples; batches: number of this one; n_s: shank samples drained so far. Returns bits STRIDES … BEAT."""
        strides = self.strides
        strides.begin()
        found = 0
        if n:
            s = self.kernel_state
            kernel.step(samples, n, self._level.offset(), self._words, s, self.history, self.table)
            self._level.push(mv, s[kernel.S_G])
            for e in range(s[kernel.S_EVENTS]):
                self._stance(s, kernel.S_EVENT0 + kernel.EVENT_WORDS * e, batches, n_s)
            if strides.count:
                found = STRIDES
            if self._bias.step(samples, n):
                self._set_biases()
                found |= REFRESHED
        if self.metronome.step(n_s, strides.last_ic):
            found |= BEAT
        return found

    def _stance(self, s, at, batches, n_s):
        strides = self.strides
        jerk, clipped_at = s[at + 2] - kernel.H_BIAS, s[at + 3] - 0x10000000
        was_ready = strides.baseline.ready
        strides.stance(s[at], s[at + 1], jerk, clipped_at, s[at + 4], batches, n_s)
        if strides.baseline.ready and not was_ready:
            self.metronome.set_own(strides.baseline.own_stride_samples)

    def _set_biases(self):
        kernel.set_biases(self._words, self._calibration, self._bias.bias)

    def restored(self):
        """After `state` with a Loader."""
        self._set_biases()

    def state(self, c):
        """Pass the state through a Saver or Loader (saved.py)."""
        self._level.state(c)
        self._bias.state(c)
        self.strides.state(c)
        self.metronome.state(c)
        kernel.state(c, self.kernel_state, self.history, self.strides.gate)
