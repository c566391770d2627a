"""The fixed drain schedule of replay: which samples the firmware is handed in which batch.

Batch j (from 1) holds, for each chip, the samples k with (j-1) * 20 ms <= k / 208 s < j * 20 ms. In integers:
k belongs to batch j exactly when j - 1 = floor(25 k / 104), because 20 ms * 208 Hz = 4.16 = 104 / 25 samples.
So batches hold 4 or 5 samples and the schedule repeats every 25 batches (104 samples, 0.5 s).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kneesleeve.recordings.recording import Recording

BATCH_US = 20_000
NO_FLEX_MV = -1
_SAMPLES, _BATCHES = 104, 25  # 104 samples last exactly as long as 25 batches


@dataclass(frozen=True)
class Batch:
    """What one drain hands over. Arrays are views: gyro and accel int16 [n, 3] per chip; n may differ per chip."""

    index: int
    ticks_us: int
    flex_mv: int
    thigh_gyro: NDArray[np.int16]
    thigh_accel: NDArray[np.int16]
    shank_gyro: NDArray[np.int16]
    shank_accel: NDArray[np.int16]


@dataclass(frozen=True)
class Drained:
    """A run as the firmware saw it: J batches, `n_thigh` and `n_shank` samples in each (they may differ).

    Per batch: `n_thigh`, `n_shank` int64 [J]; `flex_mv` int64 [J], -1 where there is no flex reading;
    `ticks_us` int64 [J], the time at which the batch was drained.
    Samples: `thigh_*` int16 [sum(n_thigh), 3], `shank_*` int16 [sum(n_shank), 3], sensor axes, in order.
    `losses`: where samples were lost, as (batches before it, shank samples lost), ascending.
    Raises ValueError where counts and arrays do not fit together.
    """

    n_thigh: NDArray[np.int64]
    n_shank: NDArray[np.int64]
    flex_mv: NDArray[np.int64]
    ticks_us: NDArray[np.int64]
    thigh_gyro: NDArray[np.int16]
    thigh_accel: NDArray[np.int16]
    shank_gyro: NDArray[np.int16]
    shank_accel: NDArray[np.int16]
    losses: tuple[tuple[int, int], ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        lengths = {len(a) for a in (self.n_thigh, self.n_shank, self.flex_mv, self.ticks_us)}
        if len(lengths) != 1:
            raise ValueError(f"per-batch arrays differ in length: {sorted(lengths)}")
        thigh, shank = int(self.n_thigh.sum()), int(self.n_shank.sum())
        if not len(self.thigh_gyro) == len(self.thigh_accel) == thigh:
            raise ValueError(f"thigh: batches hold {thigh} samples, arrays {len(self.thigh_gyro)}")
        if not len(self.shank_gyro) == len(self.shank_accel) == shank:
            raise ValueError(f"shank: batches hold {shank} samples, arrays {len(self.shank_gyro)}")

    def __len__(self) -> int:
        """Number of batches, J."""
        return len(self.ticks_us)

    @property
    def thigh_bounds(self) -> NDArray[np.int64]:
        """int64 [J + 1]: batch b (from 0) holds the thigh samples bounds[b] .. bounds[b + 1] - 1."""
        return np.concatenate(([0], np.cumsum(self.n_thigh))).astype(np.int64)

    @property
    def shank_bounds(self) -> NDArray[np.int64]:
        """int64 [J + 1]: as `thigh_bounds`, for the shank."""
        return np.concatenate(([0], np.cumsum(self.n_shank))).astype(np.int64)

    def batches(self) -> Iterator[Batch]:
        """The batches in order, numbered from 1."""
        thigh, shank = self.thigh_bounds.tolist(), self.shank_bounds.tolist()
        for b, (ticks_us, flex_mv) in enumerate(zip(self.ticks_us.tolist(), self.flex_mv.tolist(), strict=True)):
            t, s = slice(thigh[b], thigh[b + 1]), slice(shank[b], shank[b + 1])
            yield Batch(
                b + 1, ticks_us, flex_mv,
                self.thigh_gyro[t], self.thigh_accel[t], self.shank_gyro[s], self.shank_accel[s],
            )  # fmt: skip


def batch_bounds(n: int) -> NDArray[np.int64]:
    """int64 [J + 1]: batch j (from 1) of a recording of `n` samples holds samples bounds[j - 1] .. bounds[j] - 1.

    Integers only. The last batch may be short; J = 0 for n = 0. Raises ValueError for n < 0.
    """
    if n < 0:
        raise ValueError(f"a recording cannot have {n} samples")
    n_batches = _BATCHES * (n - 1) // _SAMPLES + 1 if n else 0
    first = -(-_SAMPLES * np.arange(n_batches + 1, dtype=np.int64) // _BATCHES)  # ceil(104 j / 25)
    return np.minimum(first, n)


def drain(recording: Recording) -> Drained:
    """The batches in which replay hands a recording to every engine: both chips on one clock, ticks j * 20,000 us.

    The flex of a batch is `flex_mv` at its last shank sample, -1 throughout where the recording has none.
    """
    bounds = batch_bounds(recording.n_samples)
    counts = np.diff(bounds)
    ticks_us = BATCH_US * np.arange(1, len(bounds), dtype=np.int64)
    if recording.flex_mv is None:
        flex_mv = np.full(len(counts), NO_FLEX_MV, dtype=np.int64)
    else:
        flex_mv = recording.flex_mv[bounds[1:] - 1].astype(np.int64)
    return Drained(
        counts, counts, flex_mv, ticks_us,
        recording.thigh_gyro, recording.thigh_accel, recording.shank_gyro, recording.shank_accel,
    )  # fmt: skip


def batches(recording: Recording) -> Iterator[Batch]:
    """The batches of a recording under the fixed schedule, numbered from 1."""
    return drain(recording).batches()
