"""The numbers of one stance from the kernel's prefix sums (docs/detector.md §5). Runs once a stride."""

from array import array

from .compat import const, micropython, ptr32
from .intmath import mdeg, signed

_BIAS = const(0x10000000)
_D0, _MEAN, _MAX, _FLEX_MAX = range(4)


@micropython.viper
def _measure(a_ring: ptr32, t_ring: ptr32, ic: int, to: int, out: ptr32):
    """out: level at contact, mean over 30-75 % of stance, largest d, largest flexion, each with 2^28 added.

    Sums have at most 37 terms of 2^24, so they stay below 2^30.
    """
    origin = a_ring[ic & 511]
    n = to - ic
    lo = ic + (30 * n + 50) // 100
    hi = ic + (75 * n + 50) // 100
    total = 0
    level = 0
    top = -0x10000000
    flex = -0x10000000
    for k in range(ic - 4, to + 1):
        d = (((a_ring[k & 511] - origin) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
        if d > 0x1000000:
            d = 0x1000000
        if d < -0x1000000:
            d = -0x1000000
        if k <= ic:
            level += d
        if k >= ic:
            if d > top:
                top = d
            t = (t_ring[k & 511] ^ 0x10000000) - 0x10000000
            if t > flex:
                flex = t
            if k >= lo and k <= hi:
                total += d
    q = hi - lo + 1
    out[0] = (level + 2) // 5 + 0x10000000
    out[1] = (total + (q >> 1)) // q + 0x10000000
    out[2] = top + 0x10000000
    out[3] = flex + 0x10000000


class Stance:
    """Reads a stance out of the kernel's rings; results are attributes, so that nothing is allocated."""

    def __init__(self, a_ring, t_ring):
        self._a, self._t = a_ring, t_ring
        self._out = array("i", bytearray(16))
        self.collapse_mdeg = self.excursion_mdeg = self.flexion_at_ic_mdeg = self.flexion_peak_mdeg = 0

    def measure(self, ic, to):
        """Collapse and excursion (m°, signed, abduction positive), flexion at contact and its peak (m°) of the stance ic ... to."""
        out = self._out
        _measure(self._a, self._t, ic, to, out)
        level = out[_D0]
        self.collapse_mdeg = mdeg(out[_MEAN] - level)
        self.excursion_mdeg = mdeg(out[_MAX] - level)
        self.flexion_at_ic_mdeg = mdeg(signed(self._t[ic & 511]))
        self.flexion_peak_mdeg = mdeg(out[_FLEX_MAX] - _BIAS)
