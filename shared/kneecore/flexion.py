"""Level of the flexion angle: the flex sensor corrects the gyros once a batch, by a window (docs/detector.md §4.2)."""

from array import array

from .compat import micropython, ptr32
from .intmath import clamp, wrapped

FLEX_LOW_MV = 50
FLEX_HIGH_MV = 3200
RUNNING_MEAN_U = 109943  # 37 deg
_WINDOW_NO_FLEX = 64


@micropython.viper
def _window_mean(ring: ptr32, newest: int, m: int) -> int:
    """E_newest + mean of the last m entries relative to it, wrapped; each difference is limited to +-2^23 (64 of them < 2^30)."""
    e = ring[newest & 63]
    total = 0
    for q in range(m):
        d = (((ring[(newest - q) & 63] - e) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
        if d > 0x800000:
            d = 0x800000
        if d < -0x800000:
            d = -0x800000
        total += d
    return (e + total // m) & 0x1FFFFFFF


class FlexLevel:
    """The last 64 differences between flex angle and gyro prefix sum."""

    def __init__(self, cal, window):
        self._mv0, self._a, self._b, self._c, self._has_flex = cal[26:31]
        self._window = window if self._has_flex else _WINDOW_NO_FLEX
        self._ring = array("i", bytearray(4 * 64))
        self._count = 0

    def angle_u(self, mv):
        """Flexion angle in U of a flex reading in mV, by the quadratic map of the donning."""
        m = clamp(mv - self._mv0, -1500, 1500)
        return self._a + (((self._b + ((self._c * m) >> 8)) * m) >> 8)

    @property
    def empty(self):
        """True if there is no entry: `start` is due."""
        return self._count == 0

    def clear(self):
        """Forget all entries."""
        self._count = 0

    def start(self, mv):
        """The first entry: the gyros' prefix sum is 0 there."""
        self._append(wrapped(self._flexion(mv, 0)))

    def push(self, mv, g):
        """After a batch: flex reading in mV (-1: none) and the wrapped prefix sum of the flexion rate at its last sample."""
        if self._has_flex and not FLEX_LOW_MV <= mv <= FLEX_HIGH_MV:
            return
        self._append(wrapped(self._flexion(mv, 0) - g))

    def _flexion(self, mv, fallback):
        if not self._has_flex:
            return RUNNING_MEAN_U
        return self.angle_u(mv) if FLEX_LOW_MV <= mv <= FLEX_HIGH_MV else fallback

    def _append(self, e):
        self._ring[self._count & 63] = e
        self._count += 1

    def offset(self):
        """Wrapped offset to add to the prefix sum in the next batch."""
        m = self._count if self._count < self._window else self._window
        return _window_mean(self._ring, self._count - 1, m)

    def state(self, c):
        """Pass the state through a Saver or Loader (saved.py)."""
        self._count = c.word(self._count)
        c.column32(self._ring, 1, 63, 0, max(0, self._count - 64), self._count)
