"""Segment rates from sensor samples: the arithmetic of docs/detector.md §4.1, on arrays of any shape.

int32 is enough: rows are unit vectors in Q13, so |row·sample| <= 3·8192·32768 < 2^30, and the rotated thigh rate is
at most 16384·sqrt(3)·32768 < 2^30.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from kneesleeve.reference.rows import Row, Rows, Span
from kneesleeve.reference.trig import cos_sin_q14
from kneesleeve.reference.types import Ints32, Shorts

CHUNK = 32768  # samples: the working set of one pass stays in the cache


def channels(samples: Shorts) -> Ints32:
    """int16 [..., 3] as three planes, int32 [3, ...]."""
    return np.ascontiguousarray(np.moveaxis(samples, -1, 0), dtype=np.int32)


def rate(row: Row, planes: Ints32) -> Ints32:
    """(row·v - bias + 4096) >> 13 of int32 [3, ...]: LSB of the sensor along the axis, int32 [...]."""
    x, y, z = (np.int32(c) for c in row.axis)
    total = planes[0] * x
    total += planes[1] * y
    total += planes[2] * z
    total += np.int32(4096 - row.bias)
    total >>= np.int32(13)
    return total


def sagittal_rates(spans: Sequence[Span], shank_gyro: Shorts, thigh_gyro: Shorts) -> tuple[Ints32, Ints32]:
    """Shank rate `sy` and flexion rate `fr = sy - ty` of every sample, LSB, int32 [K] both; `spans` cover all K."""
    sy, fr = np.empty(len(shank_gyro), np.int32), np.empty(len(shank_gyro), np.int32)
    for part, rows in _chunks(spans):
        sy[part] = rate(rows.shank_y, channels(shank_gyro[part]))
        np.subtract(sy[part], rate(rows.thigh_y, channels(thigh_gyro[part])), out=fr[part])
    return sy, fr


def abduction_rate(rows: Rows, shank_gyro: Shorts, thigh_gyro: Shorts, flexion_u: Ints32) -> Ints32:
    """Rate of knee abduction, LSB, inward positive on both legs; gyro int16 [..., 3], flexion int32 [...]."""
    cos, sin = cos_sin_q14(flexion_u)
    thigh = channels(thigh_gyro)
    cos *= rate(rows.thigh_x, thigh)
    sin *= rate(rows.thigh_z, thigh)
    cos -= sin
    return rate(rows.shank_x, channels(shank_gyro)) - _from_q14(cos)


def angles(
    spans: Sequence[Span], shank_gyro: Shorts, thigh_gyro: Shorts, flexion_u: Ints32
) -> tuple[Ints32, Ints32, Ints32]:
    """A, Z and B: abduction, axial angle and the shank's own frontal angle, U, congruent modulo 2^29, int32 [K] each.

    Gyro int16 [K, 3], flexion int32 [K], samples from k0 on. The sums wrap modulo 2^32, which 2^29 divides.
    """
    abduction, axial, own = (np.empty(len(shank_gyro), np.int32) for _ in range(3))
    for part, rows in _chunks(spans):
        cos, sin = cos_sin_q14(flexion_u[part])
        shank, thigh = channels(shank_gyro[part]), channels(thigh_gyro[part])
        tx, tz = rate(rows.thigh_x, thigh), rate(rows.thigh_z, thigh)
        own[part] = rate(rows.shank_x, shank)
        np.subtract(own[part], _from_q14(cos * tx - sin * tz), out=abduction[part])
        np.subtract(rate(rows.shank_z, shank), _from_q14(sin * tx + cos * tz), out=axial[part])
    for rates in (abduction, axial, own):
        np.cumsum(rates, dtype=np.int32, out=rates)
    return abduction, axial, own


def _chunks(spans: Sequence[Span]) -> Iterator[tuple[slice, Rows]]:
    for span in spans:
        for first in range(span.first, span.end, CHUNK):
            yield slice(first, min(first + CHUNK, span.end)), span.rows


def _from_q14(v: Ints32) -> Ints32:
    """(v + 8192) >> 14, in place."""
    v += np.int32(8192)
    v >>= np.int32(14)
    return v


def axial_acceleration(rows: Rows, shank_accel: Shorts) -> Ints32:
    """Shank acceleration along the segment, LSB, int32 [...]."""
    return rate(rows.along, channels(shank_accel))
