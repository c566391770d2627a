"""Gyro biases taken anew while the wearer stands, e.g. at a crossing (docs/detector.md §4.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from kneesleeve.reference import fit
from kneesleeve.reference.rows import Span, rows_of
from kneesleeve.reference.standing import STILL_BLOCKS, agree, bias16_of
from kneesleeve.reference.stretches import Stretch, between
from kneesleeve.reference.sums import BLOCK, STILL_LEVEL_LSB, BatchSums, batch_sums, block_means, still_blocks
from kneesleeve.reference.types import Aligned, Bools, Calibration, Ints


@dataclass(frozen=True)
class Biases:
    """The biases over one stretch.

    spans: in order, they cover every sample. at_end: the calibration with those in force after the stretch.
    refreshed: numbers of the batches after which they were taken.
    """

    spans: list[Span]
    at_end: Calibration
    refreshed: list[int]


def biases_over(stretch: Stretch, calibration: Calibration) -> Biases:
    """From those in force at the start of the stretch; each refresh holds from the batch after it on."""
    spans, refreshed, first = [], [], 0
    for row, bias16 in refreshes(stretch.part):
        end = int(stretch.part.ends[row])
        spans.append(Span(first, end, rows_of(calibration)))
        taken = fit.biases(calibration.shank_rows, calibration.thigh_rows, bias16)
        calibration, first = replace(calibration, biases=taken), end
        refreshed.append(stretch.batches + row + 1)
    spans.append(Span(first, len(stretch.part), rows_of(calibration)))
    return Biases(spans, calibration, refreshed)


def refreshes(part: Aligned) -> Iterator[tuple[int, list[int]]]:
    """Row of each batch of `part` after which biases are taken, and bias16 of the six gyro channels, LSB/16.

    Blocks are counted from the first batch that emits samples. Only runs of blocks that may be still are looked into.
    """
    rows = np.flatnonzero(part.counts > 0)
    for first, last in _calm_runs(part, rows):
        run = rows[first * BLOCK : last * BLOCK]
        sums = batch_sums(between(part, int(run[0]), int(run[-1]) + 1), len(run))
        for end in _steady_ends(sums):
            steady = sums.part(slice((end - STILL_BLOCKS) * BLOCK, end * BLOCK))
            yield int(run[end * BLOCK - 1]), bias16_of(steady)


def _calm_runs(part: Aligned, rows: Ints) -> list[tuple[int, int]]:
    """Runs of six blocks and more (first, last + 1) that are still by one channel's level; the others cannot be."""
    blocks = len(rows) // BLOCK
    total = np.cumsum(part.shank_gyro[:, 1], dtype=np.int64)[part.ends[rows] - 1]
    mean = np.diff(total, prepend=0) // part.counts[rows]
    calm: Bools = (mean >= -STILL_LEVEL_LSB) & (mean <= STILL_LEVEL_LSB)
    whole = calm[: blocks * BLOCK].reshape(blocks, BLOCK).all(axis=1)
    edges = np.flatnonzero(np.diff(whole, prepend=False, append=False)).tolist()
    return [(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True) if last - first >= STILL_BLOCKS]


def _steady_ends(sums: BatchSums) -> Iterator[int]:
    """Blocks up to and with the last of each six that were still and agree; each block counts for one refresh."""
    means, run = block_means(sums), 0
    for end, still in enumerate(still_blocks(sums), start=1):
        run = run + 1 if still else 0
        if run >= STILL_BLOCKS and agree(means[end - STILL_BLOCKS : end]):
            yield end
            run = 0
