"""What the reference takes in, and the streams that its stages hand to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Shorts = NDArray[np.int16]
Bools = NDArray[np.bool_]
Params = Mapping[str, int]


class DrainedRun(Protocol):
    """Both FIFOs as they were drained, batch j = 1 … J in row j - 1 (docs/detector.md §2).

    n_shank, n_thigh: samples in each batch, int [J], 0 … 64. flex_mv: int [J], -1 = none. ticks_us: int [J].
    shank_*: int16 [sum(n_shank), 3]; thigh_*: int16 [sum(n_thigh), 3]; each chip's own samples, sensor axes.
    losses: (batches before it, shank samples lost), ascending.
    """

    @property
    def n_shank(self) -> Ints: ...
    @property
    def n_thigh(self) -> Ints: ...
    @property
    def flex_mv(self) -> Ints: ...
    @property
    def ticks_us(self) -> Ints: ...
    @property
    def shank_gyro(self) -> Shorts: ...
    @property
    def shank_accel(self) -> Shorts: ...
    @property
    def thigh_gyro(self) -> Shorts: ...
    @property
    def thigh_accel(self) -> Shorts: ...
    @property
    def losses(self) -> tuple[tuple[int, int], ...]: ...


@dataclass(frozen=True)
class Aligned:
    """Emitted samples: both IMUs on the shank's timebase (docs/detector.md §2).

    k: int64 [K], shank sample index of each emitted sample, ascending (a step > 1 is lost history).
    shank_gyro, shank_accel, thigh_gyro, thigh_accel: int16 [K, 3], sensor axes, LSB of §1.
    ends: int64 [J], samples emitted up to and with batch j (row j - 1).
    drained: int64 [J], shank samples drained up to and with batch j (`n_s`).
    flex_mv: int64 [J], millivolts, -1 = none.
    resumes: int64 [R], positions in `k` of the first sample after a loss; each is the first of its batch.
    brought: bool [J], the batches that brought samples of either chip; None: not known, see `full`.
    losses: (batches before it, shank samples lost) of every loss; empty: `resumes` and `k` tell.
    """

    k: Ints
    shank_gyro: Shorts
    shank_accel: Shorts
    thigh_gyro: Shorts
    thigh_accel: Shorts
    ends: Ints
    drained: Ints
    flex_mv: Ints
    resumes: Ints
    brought: Bools | None = None
    losses: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        """Number of emitted samples, K."""
        return len(self.k)

    @property
    def counts(self) -> Ints:
        """Samples emitted in each batch, int64 [J]."""
        return np.diff(self.ends, prepend=0)

    @property
    def full(self) -> Bools:
        """Batches that brought samples of either chip, bool [J]; where that is not known, of the shank."""
        return np.diff(self.drained, prepend=0) > 0 if self.brought is None else self.brought


@dataclass(frozen=True)
class Calibration:
    """The 32 integers of docs/detector.md §3.5, by name.

    shank_rows, thigh_rows: rows x, y, z of the segment in sensor axes, Q13. biases: sx, sy, tx, ty, tz, LSB in Q13.
    mv0: millivolts; a_u, b_q8, c_q16: the flex map, U and U/mV and U/mV². side: +1 left, -1 right.
    """

    status: int
    quality: int
    side: int
    shank_rows: tuple[tuple[int, int, int], ...]
    thigh_rows: tuple[tuple[int, int, int], ...]
    biases: tuple[int, ...]
    mv0: int
    a_u: int
    b_q8: int
    c_q16: int
    has_flex: int
    good_squats: int

    @classmethod
    def of(cls, record: Sequence[int]) -> Calibration:
        """From the record. Raises ValueError where it does not hold 32 integers."""
        if len(record) != 32:
            raise ValueError(f"a calibration record holds 32 integers, got {len(record)}")
        v = [int(i) for i in record]
        rows = [(v[i], v[i + 1], v[i + 2]) for i in range(3, 21, 3)]
        return cls(v[0], v[1], v[2], tuple(rows[:3]), tuple(rows[3:]), tuple(v[21:26]), *v[26:])

    def record(self) -> tuple[int, ...]:
        """The 32 integers."""
        rows = [c for row in (*self.shank_rows, *self.thigh_rows) for c in row]
        flex = (self.mv0, self.a_u, self.b_q8, self.c_q16, self.has_flex)
        return (self.status, self.quality, self.side, *rows, *self.biases, *flex, self.good_squats)
