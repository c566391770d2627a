"""What detection works on: the samples after the donning, cut where samples were lost (docs/detector.md §3.5, §4)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kneesleeve.reference.types import Aligned


@dataclass(frozen=True)
class Stretch:
    """Emitted samples with none lost between them; the kernel starts anew with the first of them, k0.

    part: the samples and their batches. batches: batches of the run before those. mv_start: the flex reading that the
    level of the flexion starts from, millivolts. lost: samples lost just before k0, 0 at the start of detection.
    """

    part: Aligned
    batches: int
    mv_start: int
    lost: int


def after(aligned: Aligned, batch: int) -> Aligned:
    """The emitted samples of the batches after `batch`."""
    return between(aligned, batch, max(batch, len(aligned.ends)))


def between(aligned: Aligned, first: int, last: int) -> Aligned:
    """The batches after the first `first`, up to and with the first `last`, with their samples."""
    begin, end = (int(aligned.ends[:n][-1:].sum()) for n in (first, last))
    samples, rows = slice(begin, end), slice(first, last)
    inside = (aligned.resumes > begin) & (aligned.resumes < end)
    return Aligned(
        aligned.k[samples], aligned.shank_gyro[samples], aligned.shank_accel[samples], aligned.thigh_gyro[samples],
        aligned.thigh_accel[samples], aligned.ends[rows] - begin, aligned.drained[rows], aligned.flex_mv[rows],
        aligned.resumes[inside] - begin, aligned.full[rows],
    )  # fmt: skip


def stretches(aligned: Aligned, accepted_batch: int) -> list[Stretch]:
    """The stretches after batch `accepted_batch`, in order; the first may be empty.

    The level starts from the flex of the accepted batch (of a given calibration: of the first batch that brings
    samples), after a loss from the flex of the batch in which samples come again.
    """
    losses = [(batch, lost) for batch, lost in _losses(aligned) if batch >= max(accepted_batch, 1)]
    bounds = [accepted_batch, *(batch for batch, _ in losses), len(aligned.ends)]
    starts = [start_mv(aligned, accepted_batch), *(_first_mv(aligned, batch) for batch, _ in losses)]
    return [
        Stretch(between(aligned, first, last), first, mv, jump)
        for (first, last), mv, jump in zip(pairwise(bounds), starts, [0, *(n for _, n in losses)], strict=True)
    ]


def _losses(aligned: Aligned) -> list[tuple[int, int]]:
    """(batches before it, samples lost) of every loss."""
    if aligned.losses:
        return list(aligned.losses)
    resumes = aligned.resumes[aligned.resumes > 0]
    rows = np.searchsorted(aligned.ends, resumes, side="right")  # in which samples come again
    lost = aligned.k[resumes] - aligned.k[resumes - 1] - 1
    return list(zip(rows.tolist(), lost.tolist(), strict=True))


def _first_mv(aligned: Aligned, batch: int) -> int:
    """Flex reading of the first batch after the first `batch` that brings samples, millivolts; -1 if none does."""
    return int(np.append(aligned.flex_mv[batch:][aligned.full[batch:]], -1)[0])


def start_mv(aligned: Aligned, accepted_batch: int) -> int:
    """Flex reading at the start of detection (§4.2), millivolts; -1 where there is no batch for it."""
    if accepted_batch > 0:
        return int(aligned.flex_mv[accepted_batch - 1])
    return _first_mv(aligned, 0)
