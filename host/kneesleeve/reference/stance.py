"""What each stride says of the knee: collapse, excursion and flexion (docs/detector.md §5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.events import GATE_MOST, Steps
from kneesleeve.reference.integers import ANGLE_LIMIT_U, mdeg, signed29_of_32
from kneesleeve.reference.rotation import axial_mean, history, rotation_term
from kneesleeve.reference.types import Ints, Ints32, Shorts
from kneesleeve.reference.windows import windows

LEAD = 4  # samples before contact that its level is averaged over, beside it
WIDTH = LEAD + GATE_MOST + 1
STRIDES_AT_ONCE = 512
CLIPPED_LSB = 32700


@dataclass(frozen=True)
class Motion:
    """The knee at every sample from k0 on, int32 [K] each.

    fr: flexion rate, LSB. flexion, abduction, axial: G + off, A and Z, U modulo 2^29 (not reduced).
    """

    fr: Ints32
    flexion: Ints32
    abduction: Ints32
    axial: Ints32


@dataclass(frozen=True)
class Stances:
    """Per stride, millidegrees, int64 [S] each."""

    collapse: Ints
    raw_collapse: Ints
    excursion: Ints
    flexion_at_ic: Ints
    flexion_peak: Ints


def stances(motion: Motion, steps: Steps, stride: Ints, rotation_gain_pct: int) -> Stances:
    """Of each step, a position in the motion; stride: samples since the contact before, 0 = none, int64 [S]."""
    parts = [np.empty((5, 0), np.int64)]
    for first in range(0, len(steps.ic), STRIDES_AT_ONCE):
        some = slice(first, first + STRIDES_AT_ONCE)
        parts.append(_measure(motion, steps.part(some), stride[some], rotation_gain_pct))
    return Stances(*np.concatenate(parts, axis=1))


def _measure(motion: Motion, steps: Steps, stride: Ints, gain_pct: int) -> Ints:
    """The five numbers of some steps, int64 [5, S], from windows [S, WIDTH] that begin LEAD samples before contact."""
    first, n = steps.ic - LEAD, steps.to - steps.ic
    abduction = _abduction(motion.abduction, steps.ic)
    flexion = signed29_of_32(windows(motion.flexion, first, WIDTH))
    fr, axial = windows(motion.fr, first, WIDTH), windows(motion.axial, first, WIDTH)
    mean = axial_mean(motion.axial, steps.ic, history(steps.ic, stride))
    term = rotation_term(fr, axial, motion.axial[steps.ic], mean, gain_pct)
    excursion = mdeg(_stance_max(abduction, n) - _level(abduction))
    at_ic, peak = mdeg(flexion[:, LEAD].astype(np.int64)), mdeg(_stance_max(flexion, n))
    return np.stack((_collapse(abduction - term, n), _collapse(abduction, n), excursion, at_ic, peak))


def _abduction(abduction_u: Ints32, ic: Ints) -> Ints32:
    """d: abduction relative to contact, limited, U, int32 [S, WIDTH]."""
    relative = signed29_of_32(windows(abduction_u, ic - LEAD, WIDTH) - abduction_u[ic][:, None])
    return np.clip(relative, -ANGLE_LIMIT_U, ANGLE_LIMIT_U, out=relative)


def _collapse(abduction: Ints | Ints32, n: Ints) -> Ints:
    """Mean abduction in mid-stance over the level at contact, millidegrees; windows [S, WIDTH] in U; n: stance."""
    return mdeg(_middle_mean(abduction, n) - _level(abduction))


def _level(abduction: Ints | Ints32) -> Ints:
    """Rounded mean of the LEAD + 1 samples up to contact, U."""
    return (abduction[:, : LEAD + 1].sum(axis=1) + 2) // (LEAD + 1)


def _stance_max(values: Ints32, n: Ints) -> Ints:
    """Largest value from contact to toe-off of windows [S, WIDTH]: a row is flat after its toe-off."""
    stride = np.arange(len(n))
    return np.maximum.accumulate(values[:, LEAD:], axis=1)[stride, n].astype(np.int64)


def _middle_mean(abduction: Ints | Ints32, n: Ints) -> Ints:
    """Rounded mean over 30 … 75 % of stance."""
    low, high = LEAD + (30 * n + 50) // 100, LEAD + (75 * n + 50) // 100
    total = np.cumsum(abduction, axis=1, dtype=np.int64)
    stride = np.arange(len(n))
    count = high - low + 1
    return (total[stride, high] - total[stride, low - 1] + count // 2) // count


def judged(steps: Steps, *gyros: Shorts) -> np.ndarray:
    """Whether no gyro channel is clipped from the level's first sample to the step's completion, bool [S]."""
    if all(g.max(initial=0) < CLIPPED_LSB and g.min(initial=0) > -CLIPPED_LSB for g in gyros):
        return np.ones(len(steps.ic), bool)
    clipped = np.any([((g >= CLIPPED_LSB) | (g <= -CLIPPED_LSB)).any(axis=1) for g in gyros], axis=0)
    before = np.concatenate(([0], np.cumsum(clipped)))
    return before[steps.complete + 1] == before[steps.ic - LEAD]
