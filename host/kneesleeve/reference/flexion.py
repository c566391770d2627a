"""The level of the flexion: gyros give its shape, the flex sensor its offset once a batch (docs/detector.md §4.2)."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kneesleeve.reference.integers import clamp_int, signed29
from kneesleeve.reference.standing import FLEX_HIGH_MV, FLEX_LOW_MV
from kneesleeve.reference.types import Calibration, Ints

MEAN_RUNNING_U = 109943  # 37 deg, where there is no flex sensor
WINDOW_WITHOUT_FLEX = 64
LIMIT_U = 1 << 23


def flexion_of_flex(calibration: Calibration, mv: Ints) -> Ints:
    """F: flexion by the flex map, U, of millivolts (of any shape)."""
    m = np.clip(mv - calibration.mv0, -1500, 1500)
    return calibration.a_u + (((calibration.b_q8 + ((calibration.c_q16 * m) >> 8)) * m) >> 8)


def offsets(calibration: Calibration, mv: Ints, mv_before: int, emits: Ints, gyro_end: Ints, window: int) -> Ints:
    """`off` of every batch, U modulo 2^29, int64 [J].

    mv: flex of each batch; mv_before: of the batch before detection. emits: samples each batch emitted.
    gyro_end: G after each batch's last sample (any value congruent to it). window: batches, 1 … 64.
    """
    if calibration.has_flex:
        plausible = (mv >= FLEX_LOW_MV) & (mv <= FLEX_HIGH_MV)
        level = flexion_of_flex(calibration, mv)
    else:
        plausible, level, window = np.ones(len(mv), bool), np.full(len(mv), MEAN_RUNNING_U), WINDOW_WITHOUT_FLEX
    pushes = plausible & (emits > 0)
    errors = np.concatenate(([_first(calibration, mv_before)], (level - gyro_end)[pushes]))
    pushed_before = np.cumsum(pushes) - pushes  # beside the first one
    return (errors + window_means(errors, window))[pushed_before] & 0x1FFFFFFF


def _first(calibration: Calibration, mv: int) -> int:
    if not calibration.has_flex:
        return MEAN_RUNNING_U
    return int(flexion_of_flex(calibration, np.array(mv))) if FLEX_LOW_MV <= mv <= FLEX_HIGH_MV else 0


def window_means(errors: Ints, window: int) -> Ints:
    """Mean of the last `window` entries relative to the newest, rounded down, at every entry, int64 [E].

    Where neighbours are close, differences add up without wrapping or limiting, and prefix sums give the window's
    sum; windows with a jump are summed one by one.
    """
    steps = signed29(np.diff(errors, prepend=errors[0]))
    path = np.cumsum(steps)  # unwrapped: path_i - path_m = sx(E_i - E_m) while small
    total = np.cumsum(path)
    m = np.arange(1, min(window, len(errors)) + 1)
    means = np.empty_like(path)
    means[: len(m)] = (total[: len(m)] - m * path[: len(m)]) // m
    means[len(m) :] = (total[window:] - total[:-window] - window * path[window:]) // window
    for i in _with_jump(steps, window):
        last = errors[max(i + 1 - window, 0) : i + 1]
        means[i] = np.clip(signed29(last - errors[i]), -LIMIT_U, LIMIT_U).sum() // len(last)
    return means


def _with_jump(steps: Ints, window: int) -> list[int]:
    """Entries whose window holds a step large enough to reach the limit somewhere in it."""
    large = np.abs(steps) > LIMIT_U // clamp_int(window, 1, 64)
    if not large.any():
        return []
    padded = np.concatenate((np.zeros(window - 1, bool), large))
    return np.flatnonzero(sliding_window_view(padded, window).any(axis=1)).tolist()
