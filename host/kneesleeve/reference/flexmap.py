"""The flex sensor's millivolts to flexion: least squares on the squats by Cramer's rule (docs/detector.md §3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from kneesleeve.reference.axes import Vector, dot
from kneesleeve.reference.integers import mdeg_int
from kneesleeve.reference.squats import Matrix

LEAST_SPREAD_MV2 = 400
MOST_RMS_MDEG = 8000


@dataclass(frozen=True)
class FlexMap:
    """flexion = a + b·m + c·m² (U, U/mV Q8, U/mV² Q16); rms_u: residual in the squats, U."""

    ok: bool
    a_u: int = 0
    b_q8: int = 0
    c_q16: int = 0
    rms_u: int = 0


def fit_flex_map(moments: Matrix, shank_y: Vector, thigh_y: Vector) -> FlexMap:
    """The map from the 9x9 moments and both flexion axes (Q14); `ok` is False where the sensor did not follow."""
    s = [*shank_y, *(-c for c in thigh_y)]
    k = [row[6:] for row in moments[6:]]
    t = [sum(moments[c][q] * s[c] for c in range(6)) for q in (6, 7, 8)]
    det = _det(k)
    if det <= 0 or (k[0][0] * k[1][1] - k[0][1] ** 2) // k[0][0] ** 2 < LEAST_SPREAD_MV2:
        return FlexMap(ok=False)
    dets = [_det(_with_column(k, i, t)) for i in range(3)]
    a, b, c = ((d * 32 * scale) // (det << 14) for d, scale in zip(dets, (1, 256, 65536), strict=True))
    if abs(b) + ((abs(c) * 1500) >> 8) > 700000 or abs(a) > 1 << 26:
        return FlexMap(ok=False)
    power = sum(s[p] * moments[p][q] * s[q] for p in range(6) for q in range(6))
    rms_u = isqrt(max(power - dot(dets, t) // det, 0) // k[0][0]) >> 9
    return FlexMap(False, rms_u=rms_u) if mdeg_int(rms_u) > MOST_RMS_MDEG else FlexMap(True, a, b, c, rms_u)


def _det(k: Matrix) -> int:
    (a, b, c), (d, e, f), (g, h, i) = k
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _with_column(k: Matrix, column: int, t: Vector) -> Matrix:
    return [[*row[:column], v, *row[column + 1 :]] for row, v in zip(k, t, strict=True)]
