"""The slope of abduction on flexion in swing, learnt from the first strides of a donning (docs/detector.md §5.2)."""

from array import array

from .compat import const, micropython, ptr32
from .intmath import clamp, median, sort

_KEPT = const(4)  # a swing that counts has a judged stride after it, and the fourth of those settles
_FEWEST = const(3)
_SHORTEST = const(40)  # samples of swing
_LEAST_SPREAD = const(3364)  # (58 * 172 m° = 10 deg)^2


@micropython.viper
def _sums(history: ptr32, ic: int, first: int, out: ptr32):
    """Over samples first ... ic-1 (at most 250): out[0] the sum of squares of flexion about its mean, out[1] and [2] that of products.

    Values are within +-1023 (172 m° each), centred within +-2046: 250 squares stay below 2^30. The products' sum is signed and
    as large, so its half with 2^29 added is stored, and its lowest bit.
    """
    at = (ic & 511) * 6
    a0 = history[at]
    t0 = history[at + 1]
    mu = 0
    mv = 0
    n = ic - first
    for turn in range(2):
        uu = 0
        uv = 0
        for k in range(first, ic):
            at = (k & 511) * 6
            u = ((((history[at + 1] - t0) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000) >> 9
            if u > 1023:
                u = 1023
            if u < -1023:
                u = -1023
            v = ((((history[at] - a0) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000) >> 9
            if v > 1023:
                v = 1023
            if v < -1023:
                v = -1023
            if turn == 0:
                uu += u
                uv += v
            else:
                uu += (u - mu) * (u - mu)
                uv += (u - mu) * (v - mv)
        if turn == 0:
            mu = uu // n
            mv = uv // n
    out[0] = uu
    out[1] = (uv >> 1) + 0x20000000
    out[2] = uv & 1


class Crosstalk:
    """`slope` (Q10, abduction per flexion) is 0 until `settle` has set it; after that it stays."""

    def __init__(self, history, gain_pct):
        self._history = history
        self._gain_pct = gain_pct
        self._slopes = array("i", bytearray(4 * _KEPT))
        self._kept = 0
        self._out = array("i", bytearray(12))
        self.settled = 0
        self.slope = 0

    @property
    def kappa(self):
        """Slope times gain, Q10."""
        return self.slope * self._gain_pct // 100

    def swing(self, first, ic):
        """Learn from the swing of samples first ... ic-1, before the stance at ic."""
        n = ic - first
        if self._kept == _KEPT or n < _SHORTEST:
            return
        out = self._out
        _sums(self._history, ic, first, out)
        if out[0] < _LEAST_SPREAD * n:
            return
        products = 2 * (out[1] - 0x20000000) + out[2]
        self._slopes[self._kept] = clamp(products // (out[0] >> 10), -512, 512)
        self._kept += 1

    def settle(self):
        """Set the slope from the swings so far."""
        self.settled = 1
        if self._kept >= _FEWEST:
            sort(self._slopes, self._kept)
            self.slope = median(self._slopes, self._kept)

    def state(self, c):
        """Pass the state through a Saver or Loader (saved.py)."""
        self.settled = c.word(self.settled)
        self.slope = c.word(self.slope)
        self._kept = c.word(self._kept)
        if not self.settled:
            c.words(self._slopes, self._kept)
