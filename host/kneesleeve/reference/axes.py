"""Integer vectors: unit length, main component of the squats, segment frames (docs/detector.md §3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from kneesleeve.reference.squats import Matrix

Vector = list[int]


def dot(a: Sequence[int], b: Sequence[int]) -> int:
    """Inner product of two integer vectors."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def norm14(v: Sequence[int]) -> Vector:
    """Unit vector in Q14, each component rounded down; zeros for the zero vector."""
    length = isqrt(dot(v, v) << 28)
    return [(c << 28) // length for c in v] if length else [0, 0, 0]


def main_component(rates: Matrix) -> tuple[Vector, int]:
    """Axis (Q14, sign open) of the largest share of the rate products, and the share outside it in permille."""
    diagonal = [rates[i][i] for i in range(3)]
    axis = [0, 0, 0]
    axis[diagonal.index(max(diagonal))] = 16384
    for _ in range(16):
        axis = norm14([dot(row, axis) for row in rates])
    trace = sum(diagonal)
    inside = dot(axis, [dot(row, axis) for row in rates]) >> 28
    return axis, ((trace - inside) * 1000) // max(trace, 1)


def oriented(axis: Vector, turned: Sequence[int], forward: bool) -> Vector:
    """The axis with its sign such that the mean angle `turned` (any scale) is forward (>= 0) or backward (<= 0)."""
    along = dot(axis, turned)
    wrong = along < 0 if forward else along > 0
    return [-c for c in axis] if wrong else axis


def frame(up: Sequence[int], y: Vector) -> tuple[Vector, Vector, int]:
    """Rows x and z (Q14) of a segment from its vertical and flexion axis, and z0[2]: the sensor's tilt (Q14)."""
    z0 = norm14(up)
    d = dot(z0, y)
    z = norm14([(z0[c] << 14) - ((d * y[c]) >> 14) for c in range(3)])
    x = [(y[i] * z[j] - y[j] * z[i] + 8192) >> 14 for i, j in ((1, 2), (2, 0), (0, 1))]
    return x, z, z0[2]


def q13(row: Vector) -> tuple[int, int, int]:
    """A Q14 row in Q13, rounded."""
    x, y, z = ((c + 1) >> 1 for c in row)
    return x, y, z
