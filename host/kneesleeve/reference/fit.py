"""From the donning's sums to a calibration, or the reason against it (docs/detector.md §3.4, §3.5)."""

from __future__ import annotations

from kneesleeve.reference.axes import Vector, dot, frame, main_component, oriented, q13
from kneesleeve.reference.flexmap import FlexMap, fit_flex_map
from kneesleeve.reference.integers import mdeg_int
from kneesleeve.reference.squats import Squats
from kneesleeve.reference.standing import Standing
from kneesleeve.reference.types import Calibration

MOVED, TOO_FEW, TOO_SHALLOW, NO_END, AXES_UNCLEAR, UPSIDE_DOWN, SWAPPED = range(1, 8)
COS_50_Q14 = 10531
NO_ROWS = ((0, 0, 0),) * 3


def refusal(reason: int, side: int, good_squats: int) -> Calibration:
    """The record of a donning that was refused."""
    return Calibration(reason, 0, side, NO_ROWS, NO_ROWS, (0,) * 5, 0, 0, 0, 0, 0, good_squats)


def fit(standing: Standing, squats: Squats, side: int) -> Calibration:
    """Axes, frames, biases and flex map in Q13 and U, or the refusal. Big integers throughout."""
    h = squats.moments[6]
    shank_y, shank_off = main_component(squats.shank_rates)
    thigh_y, thigh_off = main_component(squats.thigh_rates)
    shank_y, thigh_y = oriented(shank_y, h[:3], forward=True), oriented(thigh_y, h[3:6], forward=False)
    shank_x, shank_z, shank_up = frame(standing.up[:3], shank_y)
    thigh_x, thigh_z, thigh_up = frame(standing.up[3:], thigh_y)
    off_permille = max(shank_off, thigh_off)
    reason = _against(off_permille, min(shank_up, thigh_up), min(shank_y[1], thigh_y[1]))
    if reason:
        return refusal(reason, side, squats.good)
    flex = fit_flex_map(squats.moments, shank_y, thigh_y) if standing.has_flex else FlexMap(ok=False)
    shank_rows = (q13(shank_x), q13(shank_y), q13(shank_z))
    thigh_rows = (q13(thigh_x), q13(thigh_y), q13(thigh_z))
    return Calibration(
        0, _quality(off_permille, flex, squats.shallow), side, shank_rows, thigh_rows,
        biases(shank_rows, thigh_rows, standing.bias16),
        standing.mv0, flex.a_u, flex.b_q8, flex.c_q16, int(flex.ok), squats.good,
    )  # fmt: skip


def _against(off_permille: int, up_q14: int, left_q14: int) -> int:
    """Reason of the refusal, 0 for none."""
    if off_permille > 100:
        return AXES_UNCLEAR
    if up_q14 < COS_50_Q14:
        return UPSIDE_DOWN
    return SWAPPED if left_q14 < COS_50_Q14 else 0


def biases(shank_rows: tuple, thigh_rows: tuple, bias16: Vector) -> tuple[int, ...]:
    """Of the rates shank x, y and thigh x, y, z, LSB in Q13; rows in Q13, bias16 of six channels, LSB/16 (§3.5)."""
    shank = [dot(row, bias16[:3]) >> 4 for row in shank_rows[:2]]
    return (*shank, *(dot(row, bias16[3:]) >> 4 for row in thigh_rows))


def _quality(off_permille: int, flex: FlexMap, shallow: int) -> int:
    lost = off_permille + mdeg_int(flex.rms_u) // 100 + 5 * shallow + (0 if flex.ok else 20)
    return max(0, 100 - lost)
