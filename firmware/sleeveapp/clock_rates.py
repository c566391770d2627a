"""How fast both chips' clocks run, from the samples they gave; for CLOSE."""

from micropython import const

_TICKS_MASK = const(0x3FFFFFFF)
_LEAST_S = const(10)


class ClockRates:
    """Counts samples and time between batches; a gap is left out. Nothing is allocated."""

    def __init__(self):
        self._shank = self._thigh = 0
        self._s = self._us = 0
        self._before = -1

    def batch(self, ticks_us, n_shank, n_thigh):
        """What a batch brought; the first one only sets the start."""
        if self._before >= 0:
            self._us += (ticks_us - self._before) & _TICKS_MASK
            while self._us >= 1000000:
                self._us -= 1000000
                self._s += 1
            self._shank += n_shank
            self._thigh += n_thigh
        self._before = ticks_us

    def gap(self):
        """Samples were lost."""
        self._before = -1

    def ppm(self):
        """(thigh against shank, shank against the board); 0, 0 for less than 10 s. Allocates."""
        if self._s < _LEAST_S or not self._shank:
            return 0, 0
        expected = 208 * self._s + 208 * self._us // 1000000
        return (
            (self._thigh - self._shank) * 1000000 // self._shank,
            (self._shank - expected) * 1000000 // expected,
        )
