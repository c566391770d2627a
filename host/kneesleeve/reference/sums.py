"""Batch sums and still blocks: what the donning sees of the samples (docs/detector.md §3, §3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from kneesleeve.reference.types import Aligned, Ints, Shorts

BLOCK = 25  # batches, 0.5 s
STILL_SPREAD_LSB, STILL_LEVEL_LSB = 143, 214  # 10 dps between batches, 15 dps each


@dataclass(frozen=True)
class BatchSums:
    """Sums over the B batches that emitted samples.

    number: batch number (from 1), int64 [B]; n: samples, int64 [B]; mv: flex, int64 [B];
    gyro, accel: int64 [B, 6], shank x y z, thigh x y z, LSB·samples.
    """

    number: Ints
    n: Ints
    mv: Ints
    gyro: Ints
    accel: Ints

    def __len__(self) -> int:
        """Number of batches, B."""
        return len(self.n)

    def part(self, rows: slice) -> BatchSums:
        """Some of the batches."""
        return BatchSums(self.number[rows], self.n[rows], self.mv[rows], self.gyro[rows], self.accel[rows])


def batch_sums(aligned: Aligned, most_batches: int) -> BatchSums:
    """Sums of the first `most_batches` batches that emitted samples (no donning is longer)."""
    rows = np.flatnonzero(aligned.counts > 0)[:most_batches]
    ends = aligned.ends[rows]
    gyro = _sums(aligned.shank_gyro, aligned.thigh_gyro, ends)
    accel = _sums(aligned.shank_accel, aligned.thigh_accel, ends)
    return BatchSums(rows + 1, aligned.counts[rows], aligned.flex_mv[rows], gyro, accel)


def still_blocks(sums: BatchSums) -> list[bool]:
    """Which of the whole blocks of 25 batches are still, from the first batch on."""
    blocks = len(sums) // BLOCK
    mean = (sums.gyro // sums.n[:, None])[: blocks * BLOCK].reshape(blocks, BLOCK, 6)
    low, high = mean.min(axis=1, initial=1 << 20), mean.max(axis=1, initial=-(1 << 20))
    calm = (high - low <= STILL_SPREAD_LSB) & (low >= -STILL_LEVEL_LSB) & (high <= STILL_LEVEL_LSB)
    return calm.all(axis=1).tolist()


def block_means(sums: BatchSums) -> Ints:
    """Mean of each gyro channel over the whole blocks, rounded down, LSB, int64 [blocks, 6]."""
    blocks = len(sums) // BLOCK
    gyro = sums.gyro[: blocks * BLOCK].reshape(blocks, BLOCK, 6).sum(axis=1)
    return gyro // sums.n[: blocks * BLOCK].reshape(blocks, BLOCK, 1).sum(axis=1)


def still_before(still: list[bool]) -> list[int]:
    """Length of the run of still blocks that ends with each block (0: it is not still)."""
    return list(accumulate(still, lambda run, calm: run + 1 if calm else 0, initial=0))[1:]


def _sums(shank: Shorts, thigh: Shorts, ends: Ints) -> Ints:
    """Channel by channel, which is several times as fast as all at once."""
    used = int(ends[-1:].sum())
    totals = [np.cumsum(s[:used, c], dtype=np.int64)[ends - 1] for s in (shank, thigh) for c in range(3)]
    return np.diff(np.stack(totals, axis=1), axis=0, prepend=0)
