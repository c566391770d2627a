"""The small integer functions of docs/detector.md §1, on arrays of any shape."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kneesleeve.reference.types import Ints, Ints32

MDEG_PER_U = 35 / 104  # U: one gyro LSB (0.070 deg/s) over one sample at 208 Hz
ANGLE_LIMIT_U = 1 << 24


def signed29(u: Ints) -> Ints:
    """`sx`: read a difference of wrapped angles back, modulo 2^29 into -2^28 … 2^28 - 1."""
    return ((u & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000


def signed29_of_32(u: Ints32, out: Ints32 | None = None) -> Ints32:
    """`sx` of an int32 that may itself have wrapped (2^29 divides 2^32): the shifts copy bit 28 upwards."""
    raised = np.left_shift(u, np.int32(3), out=out)
    return np.right_shift(raised, np.int32(3), out=raised)


def mdeg(u: Ints) -> Ints:
    """U to millidegrees, limited to ±2^24 U (5646 deg), rounded."""
    return (np.clip(u, -ANGLE_LIMIT_U, ANGLE_LIMIT_U) * 35 + 52) // 104


def mdeg_int(u: int) -> int:
    """`mdeg` of one Python integer."""
    return (min(max(u, -ANGLE_LIMIT_U), ANGLE_LIMIT_U) * 35 + 52) // 104


def clamp_int(v: int, low: int, high: int) -> int:
    """`clamp` of one Python integer."""
    return min(max(v, low), high)


def median_int(values: Iterable[int]) -> int:
    """Middle one in order; of an even count the mean of both, rounded down (§6). At least one value."""
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) // 2


def isqrt(v: Ints) -> Ints:
    """Largest integers whose square is <= v; exact for 0 <= v < 2^52 (a correctly rounded root cannot pass one)."""
    return np.sqrt(v.astype(np.float64)).astype(np.int64)
