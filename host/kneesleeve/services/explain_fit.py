"""What the fit made of the squats: how the sensors sit, the flex map, the score (docs/detector.md §3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from math import acos, asin, atan2, degrees

import numpy as np
from numpy.typing import NDArray

from kneesleeve.reference.axes import Vector, frame, main_component, norm14, oriented
from kneesleeve.reference.flexmap import FlexMap, fit_flex_map
from kneesleeve.reference.integers import MDEG_PER_U, mdeg_int
from kneesleeve.reference.squats import Squats
from kneesleeve.reference.standing import Standing
from kneesleeve.report.explained import Flex, Score, SensorAxes
from kneesleeve.report.source import Floats
from kneesleeve.services.explain_motion import DEG_PER_32U

_Q14 = 16384.0
_DEG_PER_U = MDEG_PER_U / 1000


@dataclass(frozen=True)
class Fitted:
    """The reference's steps again, kept apart: y axes (Q14), share outside them (permille), flex map."""

    standing: Standing
    squats: Squats
    shank_y: Vector
    thigh_y: Vector
    shank_off: int
    thigh_off: int
    flex: FlexMap

    def flexion_deg(self, angles_32u: NDArray) -> Floats:
        """Knee angle since standing of angles [B, 6] in 32 U, float [B]."""
        both = np.array([*self.shank_y, *(-c for c in self.thigh_y)]) / _Q14
        return angles_32u @ both * DEG_PER_32U

    def flex_deg(self, mv: Floats) -> Floats:
        """Knee angle by the flex map, of millivolts of any shape."""
        m = np.clip(mv - self.standing.mv0, -1500, 1500)
        return (self.flex.a_u + (self.flex.b_q8 / 256 + self.flex.c_q16 / 65536 * m) * m) * _DEG_PER_U


def fitted(standing: Standing, squats: Squats) -> Fitted:
    """Axes and flex map by the reference's own functions, whether or not the fit then accepted them."""
    turned = squats.moments[6]
    shank_y, shank_off = main_component(squats.shank_rates)
    thigh_y, thigh_off = main_component(squats.thigh_rates)
    shank_y, thigh_y = oriented(shank_y, turned[:3], forward=True), oriented(thigh_y, turned[3:6], forward=False)
    flex = fit_flex_map(squats.moments, shank_y, thigh_y) if standing.has_flex else FlexMap(ok=False)
    return Fitted(standing, squats, shank_y, thigh_y, shank_off, thigh_off, flex)


def sensors_of(fit: Fitted) -> tuple[SensorAxes, SensorAxes]:
    """Thigh and shank."""
    return (
        _sensor("thigh", fit.thigh_y, fit.standing.up[3:], fit.thigh_off),
        _sensor("shank", fit.shank_y, fit.standing.up[:3], fit.shank_off),
    )


def _sensor(name: str, y: Vector, up: Vector, off_permille: int) -> SensorAxes:
    x, z, _ = frame(up, y)
    forward, left, about = turns_deg(np.array([x, y, z]) / _Q14)
    return SensorAxes(name, _angle_deg(norm14(up)[2]), _angle_deg(y[1]), forward, left, about, off_permille)


def turns_deg(rows: Floats) -> tuple[float, float, float]:
    """The rotation [3, 3] with v_segment = rows · v_sensor as Ry · Rx · Rz: top to the front, top to the left, about z.

    Positive: the top leans forward, the top leans to the wearer's left, the front is turned to the left.
    """
    roll = asin(float(np.clip(-rows[1, 2], -1, 1)))
    pitch, yaw = atan2(rows[0, 2], rows[2, 2]), atan2(rows[1, 0], rows[1, 1])
    return degrees(pitch), -degrees(roll), degrees(yaw)


def flex_of(fit: Fitted, mv: Floats) -> Flex:
    """The flex sensor over the squats, mv: float [B]."""
    low, high = int(mv.min()), int(mv.max())
    known = fit.standing.mv0, low, high
    rms = fit.flex.rms_u * _DEG_PER_U if fit.standing.has_flex and (fit.flex.ok or fit.flex.rms_u) else None
    if not fit.flex.ok:
        return Flex(False, fit.standing.has_flex, *known, rms_deg=rms)
    m = np.arange(low, high + 1) - fit.standing.mv0
    slope = (fit.flex.b_q8 / 256 + 2 * fit.flex.c_q16 / 65536 * m) * _DEG_PER_U
    angle = fit.flex_deg(np.arange(low, high + 1, dtype=np.float64))
    at_60 = float(slope[np.abs(angle - 60).argmin()]) if angle.min() <= 60 <= angle.max() else None
    return Flex(True, True, *known, fit.flex.b_q8 / 256 * _DEG_PER_U, at_60, rms)


def score_of(fit: Fitted) -> Score:
    """What was taken from 100."""
    return Score(
        max(fit.shank_off, fit.thigh_off), mdeg_int(fit.flex.rms_u) // 100,
        5 * fit.squats.shallow, 0 if fit.flex.ok else 20,
    )  # fmt: skip


def _angle_deg(cosine_q14: int) -> float:
    return degrees(acos(max(-1.0, min(1.0, cosine_q14 / _Q14))))
