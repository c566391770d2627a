"""Knee angles of every sample, recomputed in floating point from the raw samples and the calibration.

Method: docs/detector.md §4.1 (rates) and §4.2 (level of the flexion by the flex sensor). Floats, for pictures only:
what the sleeve decided stands in the stride records.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kneesleeve.recordings.drain import Drained
from kneesleeve.reference.align import align
from kneesleeve.reference.detector import after
from kneesleeve.reference.types import Aligned, Calibration
from kneesleeve.report.source import Floats, Ints

DEG_PER_U = 35 / 104_000  # one LSB of 0.070 dps for one sample at 208 Hz
_MEAN_RUNNING_DEG = 37.0  # level without a flex sensor
_WINDOW_WITHOUT_FLEX = 64
_Q13 = 8192.0


@dataclass(frozen=True)
class Angles:
    """k: int64 [K] shank sample index, ascending. flexion_deg: float [K]. frontal_deg: float [K], the integral of the
    abduction rate (inward positive): only differences within one stride mean something."""

    k: Ints
    flexion_deg: Floats
    frontal_deg: Floats


def knee_angles(drained: Drained, calibration: Calibration, accepted_batch: int, flex_window: int) -> Angles:
    """Angles of every aligned sample after batch `accepted_batch`; empty where there is none."""
    aligned = align(drained)
    part = after(aligned, min(accepted_batch, len(aligned.ends)))
    shank = _rates_dps(part.shank_gyro, calibration.shank_rows, (*calibration.biases[:2], 0))
    thigh = _rates_dps(part.thigh_gyro, calibration.thigh_rows, calibration.biases[2:5])
    gyro_deg = np.cumsum(shank[:, 1] - thigh[:, 1]) / 208
    mv_before = aligned.flex_mv[max(accepted_batch, 1) - 1 : max(accepted_batch, 1)]
    flexion_deg = gyro_deg + _level_deg(gyro_deg, part, mv_before, calibration, flex_window)
    theta = np.radians(flexion_deg)
    rate_dps = shank[:, 0] - (np.cos(theta) * thigh[:, 0] - np.sin(theta) * thigh[:, 2])
    return Angles(part.k, flexion_deg, calibration.side * np.cumsum(rate_dps) / 208)


def _rates_dps(gyro: NDArray[np.int16], rows: tuple[tuple[int, ...], ...], biases: tuple[int, ...]) -> Floats:
    """Rates about the segment's x, y, z: float [K, 3], degrees per second."""
    return (gyro.astype(np.float64) @ np.array(rows, np.float64).T - np.array(biases, np.float64)) / _Q13 * 0.070


def _level_deg(gyro_deg: Floats, part: Aligned, mv_before: Ints, calibration: Calibration, flex_window: int) -> Floats:
    """What has to be added to the gyros' flexion, float [K]: mean error of the last `flex_window` batches."""
    flex_deg, usable = _flex_deg(calibration, part.flex_mv)
    window = flex_window if calibration.has_flex else _WINDOW_WITHOUT_FLEX
    pushed = usable & (part.counts > 0)
    start_deg, start_usable = _flex_deg(calibration, mv_before)
    start = start_deg[0] if len(start_deg) and start_usable[0] else 0.0
    errors = np.concatenate(([start], flex_deg[pushed] - gyro_deg[part.ends[pushed] - 1]))
    total = np.concatenate(([0.0], np.cumsum(errors)))
    last = np.arange(1, len(errors) + 1)
    begin = np.maximum(last - window, 0)
    means = (total[last] - total[begin]) / (last - begin)
    return np.repeat(means[np.cumsum(pushed) - pushed], part.counts)


def _flex_deg(calibration: Calibration, mv: Ints) -> tuple[Floats, NDArray[np.bool_]]:
    """Flexion by the flex map in degrees, and where it is usable; without a flex sensor the mean of running."""
    if not calibration.has_flex:
        return np.full(len(mv), _MEAN_RUNNING_DEG), np.ones(len(mv), bool)
    m = np.clip(np.asarray(mv, np.float64) - calibration.mv0, -1500, 1500)
    u = calibration.a_u + (calibration.b_q8 / 256 + calibration.c_q16 / 65536 * m) * m
    return u * DEG_PER_U, (mv >= 50) & (mv <= 3200)
