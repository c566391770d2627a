"""Baseline and decision: this stride against the wearer's own (docs/detector.md §6)."""

from array import array

from .compat import const
from .intmath import clamp, median, sort
from .stride import NULL

_SKIP = const(6)
_LEARN = const(28)
_SETTLED = const(4)


class Baseline:
    """Learns the wearer's collapse in judged strides 7-34 of the donning, then follows it slowly, leaving out strides that were over."""

    def __init__(self, params):
        self._floor, self._cap = params["threshold_floor_mdeg"], params["threshold_cap_mdeg"]
        self._gain_pct, self._hysteresis_pct = params["spread_gain_pct"], params["hysteresis_pct"]
        self._learnt = array("i", bytearray(4 * _LEARN))
        self._strides = array("i", bytearray(4 * _LEARN))
        self._judged = 0
        self._base16 = 0
        self._threshold0 = 0
        self._was_over = 0
        self.baseline_mdeg = self.threshold_mdeg = NULL
        self.own_stride_samples = 0

    @property
    def ready(self):
        """True once the baseline is set."""
        return self._judged >= _SKIP + _LEARN

    @property
    def next_is_settled(self):
        """True if the next judged stride is the one at which the crosstalk slope is set: early enough for all that is learnt from."""
        return self._judged == _SETTLED - 1

    def unjudged(self):
        """A stride without an estimate: shows the values in force from the 35th judged stride on."""
        if self._judged > _SKIP + _LEARN:
            self._show()

    def learn(self, collapse_mdeg, stride_samples):
        """A judged stride before the baseline is set."""
        self._judged += 1
        if self._judged > _SKIP:
            self._learnt[self._judged - _SKIP - 1] = collapse_mdeg
            self._strides[self._judged - _SKIP - 1] = stride_samples
        if self.ready:
            self._set_baseline()

    def judge(self, collapse_mdeg):
        """True if the collapse is over; `baseline_mdeg` and `threshold_mdeg` are what it was judged by. Strides within move the baseline."""
        self._judged += 1
        self._show()
        self._was_over = 1 if collapse_mdeg - self.baseline_mdeg > self.threshold_mdeg else 0
        if not self._was_over:
            self._follow(collapse_mdeg)
        return self._was_over == 1

    def _follow(self, collapse_mdeg):
        """Slow robust adaptation: 1/64 of the difference, at most 20 m° a stride."""
        c16 = clamp(collapse_mdeg, -0x1000000, 0x1000000) * 16
        self._base16 += clamp((c16 - self._base16) >> 6, -320, 320)

    def _show(self):
        t = self._threshold0
        self.threshold_mdeg = t * self._hysteresis_pct // 100 if self._was_over else t
        self.baseline_mdeg = self._base16 >> 4

    def _set_baseline(self):
        sort(self._learnt, _LEARN)
        base = median(self._learnt, _LEARN)
        for i in range(_LEARN):
            self._learnt[i] = abs(self._learnt[i] - base)
        sort(self._learnt, _LEARN)
        spread = clamp(median(self._learnt, _LEARN), 0, 20000)
        sd3 = (spread * 14826 // 10000) * self._gain_pct // 100
        self._threshold0 = clamp(sd3, self._floor, self._cap)
        self._base16 = 16 * base
        sort(self._strides, _LEARN)
        self.own_stride_samples = median(self._strides, _LEARN)

    def state(self, c):
        """Pass the state through a Saver or Loader (saved.py)."""
        self._judged, self._base16 = c.word(self._judged), c.word(self._base16)
        self._threshold0, self._was_over = c.word(self._threshold0), c.word(self._was_over)
        self.baseline_mdeg, self.threshold_mdeg = c.word(self.baseline_mdeg), c.word(self.threshold_mdeg)
        self.own_stride_samples = c.word(self.own_stride_samples)
        if not self.ready:
            c.words(self._learnt, _LEARN)
            c.words(self._strides, _LEARN)
