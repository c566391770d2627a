"""The numbers of one stance from the kernel's history (docs/detector.md §5, §5.1). Runs once a stride."""

from array import array

from .compat import const, micropython, ptr32
from .intmath import mdeg, signed
from .kernel import COLUMNS, H_T

_BIAS = const(0x10000000)
# results of _measure, each with 2^28 added
(
    _LEVEL,
    _MEAN,
    _LEVEL_C,
    _MEAN_C,
    _LEVEL_F,
    _MEAN_F,
    _TOP,
    _TOP_AT,
    _FLEX_MAX,
    _SHANK_LO,
    _SHANK_HI,
    _THIGH_LO,
    _THIGH_HI,
) = range(13)
_RESULTS = const(13)


@micropython.viper
def _stride_means(history: ptr32, ic: int, to: int, p: int, out: ptr32):
    """out: means of the axial angle and of abduction over the p samples before `to`, relative to ic, + 2^28.

    At most 250 terms of 2^21: below 2^29.
    """
    at = (ic & 511) * 6
    a0 = history[at]
    z0 = history[at + 2]
    a = 0
    z = 0
    for k in range(to - p, to):
        at = (k & 511) * 6
        e = (((history[at + 2] - z0) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
        if e > 0x200000:
            e = 0x200000
        if e < -0x200000:
            e = -0x200000
        z += e
        e = (((history[at] - a0) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
        if e > 0x200000:
            e = 0x200000
        if e < -0x200000:
            e = -0x200000
        a += e
    out[0] = z // p + 0x10000000
    out[1] = a // p + 0x10000000


@micropython.viper
def _measure(history: ptr32, p: ptr32, out: ptr32):
    """p: ic, to, axial reference + 2^28, rotation gain (Q16 of the kinematic term, >> 6); out: see `_LEVEL` ...

    Sums have at most 37 terms of 2^21 (with the rotation term: 2^21 + 2^23); fr * (e >> 6) is at most 2^17 * 2^11 = 2^28;
    its sum over 84 samples, >> 10 each, at most 2^25, times the gain (394) >> 4: 2^30 is not reached.
    """
    ic = p[0]
    to = p[1]
    ref = p[2] - 0x10000000
    gain = p[3]
    at = (ic & 511) * 6
    a0 = history[at]
    t0 = history[at + 1]
    z0 = history[at + 2]
    b0 = history[at + 5]
    n = to - ic
    lo = ic + (30 * n + 50) // 100
    hi = ic + (75 * n + 50) // 100
    total = 0
    total_c = 0
    total_f = 0
    level = 0
    level_c = 0
    level_f = 0
    turned = 0
    top = -0x10000000
    top_at = 0
    flex = -0x10000000
    shank_lo = 0
    shank_hi = 0
    thigh_lo = 0
    thigh_hi = 0
    for k in range(ic - 4, to + 1):
        at = (k & 511) * 6
        d = (((history[at] - a0) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
        if d > 0x200000:
            d = 0x200000
        if d < -0x200000:
            d = -0x200000
        e = (((history[at + 2] - z0) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
        if e > 0x200000:
            e = 0x200000
        if e < -0x200000:
            e = -0x200000
        e -= ref
        if e > 0x20000:
            e = 0x20000
        if e < -0x20000:
            e = -0x20000
        turned += ((history[at + 3] - 0x100000) * (e >> 6)) >> 10
        c = d - (((turned >> 4) * gain) >> 6)
        f = (((history[at + 1] - t0) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
        if f > 0x80000:
            f = 0x80000
        if f < -0x80000:
            f = -0x80000
        if k <= ic:
            level += d
            level_c += c
            level_f += f
        if k >= ic:
            if d > top:
                top = d
                top_at = k - ic
            t = (history[at + 1] ^ 0x10000000) - 0x10000000
            if t > flex:
                flex = t
            e = (((history[at + 5] - b0) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000
            if e > 0x200000:
                e = 0x200000
            if e < -0x200000:
                e = -0x200000
            if e < shank_lo:
                shank_lo = e
            if e > shank_hi:
                shank_hi = e
            e -= d
            if e < thigh_lo:
                thigh_lo = e
            if e > thigh_hi:
                thigh_hi = e
            if k >= lo and k <= hi:
                total += d
                total_c += c
                total_f += f
    q = hi - lo + 1
    b = 0x10000000
    out[0] = (level + 2) // 5 + b
    out[1] = (total + (q >> 1)) // q + b
    out[2] = (level_c + 2) // 5 + b
    out[3] = (total_c + (q >> 1)) // q + b
    out[4] = (level_f + 2) // 5 + b
    out[5] = (total_f + (q >> 1)) // q + b
    out[6] = top + b
    out[7] = top_at + b
    out[8] = flex + b
    out[9] = shank_lo + b
    out[10] = shank_hi + b
    out[11] = thigh_lo + b
    out[12] = thigh_hi + b


class Stance:
    """Reads a stance out of the kernel's history; results are attributes (m°, abduction positive), so that nothing is allocated."""

    def __init__(self, history, rotation_gain_pct):
        self._history = history
        self._p = array("i", bytearray(16))
        self._p[3] = 394 * rotation_gain_pct // 100
        self._means = array("i", bytearray(8))
        self._out = array("i", bytearray(4 * _RESULTS))
        self.collapse_mdeg = self.raw_collapse_mdeg = self.excursion_mdeg = 0
        self.flexion_at_ic_mdeg = self.flexion_peak_mdeg = 0
        self.abduction_at_ic_mdeg = self.abduction_peak_mdeg = self.peak_samples = 0
        self.shank_range_mdeg = self.thigh_range_mdeg = 0

    def measure(self, ic, to, stride_samples, kappa):
        """The stance ic ... to of a stride of `stride_samples` (94 ... 250); kappa: crosstalk slope times its gain, Q10."""
        p, means, out = self._p, self._means, self._out
        _stride_means(self._history, ic, to, stride_samples, means)
        p[0], p[1], p[2] = ic, to, means[0]
        _measure(self._history, p, out)
        level, top = out[_LEVEL], out[_TOP]
        rise_f = out[_MEAN_F] - out[_LEVEL_F]  # at most 2^20, kappa at most 2^9
        self.raw_collapse_mdeg = mdeg(out[_MEAN] - level)
        self.collapse_mdeg = mdeg(out[_MEAN_C] - out[_LEVEL_C] - ((rise_f * kappa) >> 10))
        self.excursion_mdeg = mdeg(top - level)
        self.abduction_at_ic_mdeg = mdeg(level - means[1])
        self.abduction_peak_mdeg = mdeg(top - means[1])
        self.peak_samples = out[_TOP_AT] - _BIAS
        self.flexion_at_ic_mdeg = mdeg(signed(self._history[(ic & 511) * COLUMNS + H_T]))
        self.flexion_peak_mdeg = mdeg(out[_FLEX_MAX] - _BIAS)
        self.shank_range_mdeg = mdeg(out[_SHANK_HI] - out[_SHANK_LO])
        self.thigh_range_mdeg = mdeg(out[_THIGH_HI] - out[_THIGH_LO])
