"""Cosine and sine by integers (docs/detector.md §4.4): no floats, so every machine has the same table."""

from array import array

from .compat import const

FIRST = const(-87)  # -30 deg
LAST = const(435)  # 150 deg
_C = 1099491739709  # cos and sin of 1024 U in Q40
_S = 6613163153


def table():
    """array('H'): cos, sin of i*1024 U for i = FIRST ... LAST, Q14, stored as offset binary (value + 32768)."""
    out = array("H", bytearray(4 * (LAST - FIRST + 1)))
    c, s = 1 << 40, 0
    for i in range(LAST + 1):
        cos, sin = (c + (1 << 25)) >> 26, (s + (1 << 25)) >> 26
        at = 2 * (i - FIRST)
        out[at], out[at + 1] = cos + 32768, sin + 32768
        if i <= -FIRST:
            at = 2 * (-i - FIRST)
            out[at], out[at + 1] = cos + 32768, 32768 - sin
        c, s = (c * _C - s * _S) >> 40, (s * _C + c * _S) >> 40
    return out
