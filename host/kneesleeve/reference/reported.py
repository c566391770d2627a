"""The reported strides of one stretch with their numbers, before anything that looks at several (§4.3 … §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

from kneesleeve.reference.clipping import clipped_before, clipped_since, judged
from kneesleeve.reference.crosstalk import NO_SLOPE, SETTING_STRIDE, swing_slopes
from kneesleeve.reference.events import find_steps
from kneesleeve.reference.gate import Strides, candidates, running
from kneesleeve.reference.motion import Motion, Sagittal, motion
from kneesleeve.reference.rows import Span
from kneesleeve.reference.stance import Stances, stances
from kneesleeve.reference.stretches import Stretch
from kneesleeve.reference.types import Ints, Ints32, Params

Columns = TypeVar("Columns", bound="Reported | Stances")


@dataclass(frozen=True)
class Reported:
    """Reported strides, int64 [S] each.

    ic, to: shank sample index. stride: p, samples. batch: number in which it was completed; now: n_s after that batch.
    jerk: accel LSB per sample. judged: 0 or 1. clipped: samples since the stride before. slope: of the swing before,
    Q10, NO_SLOPE where it is not used or not needed any more.
    """

    ic: Ints
    to: Ints
    stride: Ints
    batch: Ints
    now: Ints
    jerk: Ints
    judged: Ints
    clipped: Ints
    slope: Ints


def report(
    stretch: Stretch, spans: Sequence[Span], signals: Sagittal, params: Params, judged_before: int
) -> tuple[Reported, Stances]:
    """The strides of a stretch and what is measured of them; judged_before: judged strides of the donning so far."""
    part = stretch.part
    strides = strides_of(stretch, spans, signals, params)
    knee = motion(stretch, spans, signals)
    clipped = clipped_before(part.shank_gyro, part.thigh_gyro)
    clean = judged(strides, clipped).astype(np.int64)
    row = np.searchsorted(part.ends, strides.complete, side="right")
    found = Reported(
        part.k[strides.ic], part.k[strides.to], strides.period, row + stretch.batches + 1, part.drained[row],
        strides.jerk, clean, clipped_since(strides, clipped), _slopes(knee, strides, clipped, clean, judged_before),
    )  # fmt: skip
    return found, stances(knee, strides, params["rotation_gain_pct"])


def strides_of(stretch: Stretch, spans: Sequence[Span], signals: Sagittal, params: Params) -> Strides:
    """Positions of the reported strides (§4.3, §4.3.1)."""
    rows, accel = spans[0].rows, stretch.part.shank_accel  # of the accelerometer, which has no bias
    steps = find_steps(rows, signals.sy, signals.fr, accel, -(params["arm_dps"] * 100) // 7)
    return running(candidates(rows, steps, accel, params["contact_jerk_mg"]), signals.flexion)


def _slopes(knee: Motion, strides: Strides, clipped: Ints32, clean: Ints, judged_before: int) -> Ints:
    """Slopes of the swings up to the stride that sets the slope in force; int64 [S]."""
    slopes = np.full(len(clean), NO_SLOPE)
    needed = slice(0, int(np.searchsorted(np.cumsum(clean) - clean + judged_before, SETTING_STRIDE)))
    slopes[needed] = swing_slopes(knee, strides.part(needed), clipped)
    return slopes


def joined(parts: Sequence[Columns]) -> Columns:
    """Several tables of the same columns as one; at least one table."""
    kind = type(parts[0])
    return kind(*(np.concatenate([getattr(p, column.name) for p in parts]) for column in fields(kind)))
