"""What each stride says of the knee: collapse, excursion and flexion (docs/detector.md §5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.events import GATE_MOST, Steps
from kneesleeve.reference.integers import ANGLE_LIMIT_U, mdeg, signed29_of_32
from kneesleeve.reference.kernel import Rows, abduction_rate
from kneesleeve.reference.types import Ints, Ints32, Shorts
from kneesleeve.reference.windows import windows

LEAD = 4  # samples before contact that its level is averaged over, beside it
WIDTH = LEAD + GATE_MOST + 1
STRIDES_AT_ONCE = 512
CLIPPED_LSB = 32700


@dataclass(frozen=True)
class Stances:
    """Per stride, millidegrees, int64 [S] each."""

    collapse: Ints
    excursion: Ints
    flexion_at_ic: Ints
    flexion_peak: Ints


def stances(rows: Rows, steps: Steps, shank_gyro: Shorts, thigh_gyro: Shorts, flexion_u: Ints32) -> Stances:
    """Of each step; gyro int16 [K, 3], flexion int32 [K] (modulo 2^29), steps as positions in them."""
    parts = [np.empty((4, 0), np.int64)]
    for first in range(0, len(steps.ic), STRIDES_AT_ONCE):
        part = steps.part(slice(first, first + STRIDES_AT_ONCE))
        shank, thigh = (windows(gyro, part.ic - LEAD, WIDTH) for gyro in (shank_gyro, thigh_gyro))
        flexion = windows(flexion_u, part.ic - LEAD, WIDTH)
        parts.append(_measure(abduction_rate(rows, shank, thigh, flexion), signed29_of_32(flexion), part.to - part.ic))
    return Stances(*np.concatenate(parts, axis=1))


def _measure(rate_lsb: Ints32, flexion_u: Ints32, n: Ints) -> Ints:
    """The four numbers, int64 [4, S], of windows [S, WIDTH] that begin LEAD samples before contact; n: stance."""
    abduction = np.cumsum(rate_lsb, axis=1, dtype=np.int32)  # |rate| < 2^18, 84 samples: no wrapping
    abduction -= abduction[:, LEAD, None].copy()
    np.clip(abduction, -ANGLE_LIMIT_U, ANGLE_LIMIT_U, out=abduction)
    level = (abduction[:, : LEAD + 1].sum(axis=1) + 2) // (LEAD + 1)
    raw = mdeg(_middle_mean(abduction, n) - level)
    excursion = mdeg(_stance_max(abduction, n) - level)
    return np.stack((raw, excursion, mdeg(flexion_u[:, LEAD].astype(np.int64)), mdeg(_stance_max(flexion_u, n))))


def _stance_max(values: Ints32, n: Ints) -> Ints:
    """Largest value from contact to toe-off of windows [S, WIDTH]: a row is flat after its toe-off."""
    stride = np.arange(len(n))
    return np.maximum.accumulate(values[:, LEAD:], axis=1)[stride, n].astype(np.int64)


def _middle_mean(abduction: Ints32, n: Ints) -> Ints:
    """Rounded mean over 30 … 75 % of stance."""
    low, high = LEAD + (30 * n + 50) // 100, LEAD + (75 * n + 50) // 100
    total = np.cumsum(abduction, axis=1, dtype=np.int32)  # 84 x 2^24 < 2^31
    stride = np.arange(len(n))
    count = high - low + 1
    return (total[stride, high].astype(np.int64) - total[stride, low - 1] + count // 2) // count


def judged(steps: Steps, *gyros: Shorts) -> np.ndarray:
    """Whether no gyro channel is clipped from the level's first sample to the step's completion, bool [S]."""
    if all(g.max(initial=0) < CLIPPED_LSB and g.min(initial=0) > -CLIPPED_LSB for g in gyros):
        return np.ones(len(steps.ic), bool)
    clipped = np.any([((g >= CLIPPED_LSB) | (g <= -CLIPPED_LSB)).any(axis=1) for g in gyros], axis=0)
    before = np.concatenate(([0], np.cumsum(clipped)))
    return before[steps.complete + 1] == before[steps.ic - LEAD]
