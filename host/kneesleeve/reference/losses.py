"""A run in which samples were lost, cut at the losses for the alignment, put together again (docs/detector.md §2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from kneesleeve.reference.types import Aligned, DrainedRun, Ints, Shorts


@dataclass(frozen=True)
class Part:
    """The batches between two losses: a `DrainedRun` without any."""

    n_shank: Ints
    n_thigh: Ints
    flex_mv: Ints
    ticks_us: Ints
    shank_gyro: Shorts
    shank_accel: Shorts
    thigh_gyro: Shorts
    thigh_accel: Shorts
    losses: tuple[tuple[int, int], ...] = ()


def parts(drained: DrainedRun) -> list[Part]:
    """The run cut at its losses, in order."""
    s_ends = np.concatenate(([0], np.cumsum(drained.n_shank))).astype(np.int64)
    t_ends = np.concatenate(([0], np.cumsum(drained.n_thigh))).astype(np.int64)
    found = []
    for first, last in pairwise([0, *(batch for batch, _ in drained.losses), len(drained.n_shank)]):
        rows, s, t = slice(first, last), slice(s_ends[first], s_ends[last]), slice(t_ends[first], t_ends[last])
        found.append(
            Part(
                drained.n_shank[rows],
                drained.n_thigh[rows],
                drained.flex_mv[rows],
                drained.ticks_us[rows],
                drained.shank_gyro[s],
                drained.shank_accel[s],
                drained.thigh_gyro[t],
                drained.thigh_accel[t],
            )
        )
    return found


def joined(aligned: Sequence[Aligned], losses: Sequence[tuple[int, int]]) -> Aligned:
    """One stream of the parts: sample indices and counts go on from what was drained and lost before each."""
    drained = emitted = 0
    k, ends, counts, resumes = [], [], [], []
    for part, lost in zip(aligned, [0, *(n for _, n in losses)], strict=True):
        drained += lost
        if emitted and len(part):
            resumes.append(emitted)
        resumes += (part.resumes + emitted).tolist()
        k.append(part.k + drained)
        ends.append(part.ends + emitted)
        counts.append(part.drained + drained)
        emitted += len(part)
        drained += int(part.drained[-1]) if len(part.drained) else 0

    def whole(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in aligned])

    return Aligned(
        np.concatenate(k), whole("shank_gyro"), whole("shank_accel"), whole("thigh_gyro"), whole("thigh_accel"),
        np.concatenate(ends), np.concatenate(counts), whole("flex_mv"), np.array(resumes, np.int64), whole("full"),
        tuple(losses),
    )  # fmt: skip
