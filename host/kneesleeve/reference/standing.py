"""Standing still: biases, verticals and the flex reference (docs/detector.md §3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.sums import BLOCK, BatchSums, block_means, still_before, still_blocks
from kneesleeve.reference.types import Ints

STILL_BLOCKS, MOST_BLOCKS = 6, 60  # 3 s, 30 s
MEANS_SPREAD_LSB = 24  # 1.7 dps between the blocks
FLEX_LOW_MV, FLEX_HIGH_MV = 50, 3200


@dataclass(frozen=True)
class Standing:
    """What standing gives: bias16, six gyro channels, LSB/16; up, six accel channels, LSB; mv0, millivolts.

    has_flex: mv0 is plausible (else it is 0). end: batches used, from the first one.
    """

    bias16: list[int]
    up: list[int]
    mv0: int
    has_flex: bool
    end: int


def stand(sums: BatchSums) -> Standing | None:
    """The first six steady blocks in a row, or None where the first 60 blocks have none."""
    last = _steady(sums.part(slice(0, MOST_BLOCKS * BLOCK)))
    if last is None:
        return None
    end = (last + 1) * BLOCK
    part = sums.part(slice(end - STILL_BLOCKS * BLOCK, end))
    up = (part.accel.sum(axis=0) // part.n.sum()).tolist()
    mv0 = int(part.mv.sum()) // len(part)
    has_flex = FLEX_LOW_MV <= mv0 <= FLEX_HIGH_MV
    return Standing(bias16_of(part), up, mv0 if has_flex else 0, has_flex, end)


def _steady(sums: BatchSums) -> int | None:
    """First block that ends six still ones whose means lie close to each other."""
    means = block_means(sums)
    for i, run in enumerate(still_before(still_blocks(sums))):
        if run >= STILL_BLOCKS and agree(means[i + 1 - STILL_BLOCKS : i + 1]):
            return i
    return None


def agree(means: Ints) -> bool:
    """Whether block means (LSB, int64 [blocks, 6]) lie within 1.7 dps of each other, each channel."""
    return bool(np.ptp(means, axis=0).max() <= MEANS_SPREAD_LSB)


def bias16_of(sums: BatchSums) -> list[int]:
    """Mean rates of six gyro channels over some batches, LSB/16, rounded down."""
    return (16 * sums.gyro.sum(axis=0) // sums.n.sum()).tolist()
