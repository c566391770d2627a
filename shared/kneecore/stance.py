"""The numbers of one stance from the kernel's prefix sums (docs/detector.md §5). Runs once a stride."""

from array import array

from .compat import const, micropython, ptr32
from .intmath import mdeg, signed

_BIAS = const(0x10000000)
_LEVEL, _MEAN, _MAX, _FLEX_MAX, _LEVEL_C, _MEAN_C = range(6)


@micropython.viper
def _reference(z_ring: ptr32, ic: int, p: int) -> int:
    """Mean axial angle of the p samples before ic, relative to ic, with 2^28 added: 250 terms of 2^21 stay below 2^30."""
    origin = z_ring[ic & 511]
    total = 0
    for k in range(ic - p, ic):
        e = (((z_ring[k & 511] - origin) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
        if e > 0x200000:
            e = 0x200000
        if e < -0x200000:
            e = -0x200000
        total += e
    return total // p + 0x10000000


@micropython.viper
def _measure(a_ring: ptr32, t_ring: ptr32, z_ring: ptr32, f_ring: ptr32, p: ptr32, out: ptr32):
    """p: ic, to, axial reference + 2^28, rotation gain (Q16 of the kinematic term, >> 6).

    out, each with 2^28 added: level at contact, mean over 30-75 % of stance, largest d, largest flexion,
    then level and mean with the rotation term. Sums have at most 37 terms of 2^24 (with the term: 2^24 + 2^21),
    fr * (e >> 6) is at most 2^17 * 2^11 = 2^28.
    """
    ic = p[0]
    to = p[1]
    ref = p[2] - 0x10000000
    gain = p[3]
    origin = a_ring[ic & 511]
    axial = z_ring[ic & 511]
    n = to - ic
    lo = ic + (30 * n + 50) // 100
    hi = ic + (75 * n + 50) // 100
    total = 0
    total_c = 0
    level = 0
    level_c = 0
    turned = 0
    top = -0x10000000
    flex = -0x10000000
    for k in range(ic - 4, to + 1):
        at = k & 511
        d = (((a_ring[at] - origin) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
        if d > 0x1000000:
            d = 0x1000000
        if d < -0x1000000:
            d = -0x1000000
        e = (((z_ring[at] - axial) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
        if e > 0x200000:
            e = 0x200000
        if e < -0x200000:
            e = -0x200000
        e -= ref
        if e > 0x20000:
            e = 0x20000
        if e < -0x20000:
            e = -0x20000
        turned += ((f_ring[at] - 0x100000) * (e >> 6)) >> 10
        c = d - (((turned >> 4) * gain) >> 6)
        if k <= ic:
            level += d
            level_c += c
        if k >= ic:
            if d > top:
                top = d
            t = (t_ring[at] ^ 0x10000000) - 0x10000000
            if t > flex:
                flex = t
            if k >= lo and k <= hi:
                total += d
                total_c += c
    q = hi - lo + 1
    out[0] = (level + 2) // 5 + 0x10000000
    out[1] = (total + (q >> 1)) // q + 0x10000000
    out[2] = top + 0x10000000
    out[3] = flex + 0x10000000
    out[4] = (level_c + 2) // 5 + 0x10000000
    out[5] = (total_c + (q >> 1)) // q + 0x10000000


class Stance:
    """Reads a stance out of the kernel's rings; results are attributes, so that nothing is allocated."""

    def __init__(self, rings, rotation_gain_pct):
        self._a, self._t, _, self._z, self._f = rings
        self._p = array("i", bytearray(16))
        self._p[3] = 394 * rotation_gain_pct // 100
        self._out = array("i", bytearray(24))
        self.collapse_mdeg = self.raw_collapse_mdeg = self.excursion_mdeg = 0
        self.flexion_at_ic_mdeg = self.flexion_peak_mdeg = 0

    def measure(self, ic, to, history):
        """Collapse (with and without the rotation term) and excursion (m°, signed, abduction positive), flexion at contact
        and its peak (m°) of the stance ic ... to; history: samples before ic (1 ... 250) that the
        axial reference is taken from.
        """
        p, out = self._p, self._out
        p[0], p[1] = ic, to
        p[2] = _reference(self._z, ic, history)
        _measure(self._a, self._t, self._z, self._f, p, out)
        self.raw_collapse_mdeg = mdeg(out[_MEAN] - out[_LEVEL])
        self.collapse_mdeg = mdeg(out[_MEAN_C] - out[_LEVEL_C])
        self.excursion_mdeg = mdeg(out[_MAX] - out[_LEVEL])
        self.flexion_at_ic_mdeg = mdeg(signed(self._t[ic & 511]))
        self.flexion_peak_mdeg = mdeg(out[_FLEX_MAX] - _BIAS)
