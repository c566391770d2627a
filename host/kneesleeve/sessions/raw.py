"""RAW records to the per-batch arrays that the reference takes."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from kneesleeve.recordings.drain import NO_FLEX_MV, Drained

_HEAD = struct.Struct("<IIhBB")
_SAMPLE = 12  # bytes: 6 int16
_TICKS = 1 << 30  # the device's clock counts modulo this
MAX_BATCH = 50 * 3600 * 48  # two days: a larger number is damage, not a run


class RawBatches:
    """Collects RAW records, then builds the arrays in one go."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, int, int, int]] = []  # batch, ticks_us, flex_mv, n_shank, n_thigh
        self._shank: list[bytes] = []
        self._thigh: list[bytes] = []
        self.last = 0

    def add(self, payload: bytes) -> str:
        """Take one RAW payload; returns what is wrong with it, or ""."""
        if len(payload) < _HEAD.size:
            return "RAW record too short"
        row = _HEAD.unpack_from(payload)
        batch, _, _, n_shank, n_thigh = row
        middle = _HEAD.size + _SAMPLE * n_shank
        if len(payload) != middle + _SAMPLE * n_thigh:
            return f"RAW record of batch {batch} has not the length of its samples"
        if not self.last < batch <= MAX_BATCH:
            return f"RAW record of batch {batch} after batch {self.last}"
        self._rows.append(row)
        self._shank.append(payload[_HEAD.size : middle])
        self._thigh.append(payload[middle:])
        self.last = batch
        return ""

    def drained(self) -> Drained:
        """Batches 1 … last; those without a record have no samples, no flex reading and the time of the one before.

        ticks_us: int64 [J], unwrapped to grow from the first recorded value.
        """
        rows = np.array(self._rows, dtype=np.int64).reshape(-1, 5)
        at = rows[:, 0] - 1
        columns = np.zeros((3, self.last), dtype=np.int64)
        columns[:, at] = rows[:, [3, 4, 2]].T
        there = np.zeros(self.last, dtype=bool)
        there[at] = True
        columns[2, ~there] = NO_FLEX_MV
        shank, thigh = _samples(self._shank), _samples(self._thigh)
        return Drained(
            columns[1], columns[0], columns[2], _ticks(rows[:, 1], there),
            thigh[:, :3], thigh[:, 3:], shank[:, :3], shank[:, 3:],
        )  # fmt: skip


def _samples(parts: Iterable[bytes]) -> NDArray[np.int16]:
    return np.frombuffer(b"".join(parts), dtype="<i2").astype(np.int16).reshape(-1, 6)


def _ticks(ticks_us: NDArray[np.int64], there: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Times of all batches from those of the recorded ones, unwrapped."""
    if not len(ticks_us):
        return np.zeros(len(there), dtype=np.int64)
    grown = ticks_us[0] + np.concatenate(([0], np.cumsum(np.diff(ticks_us) % _TICKS)))
    return grown[np.maximum(np.cumsum(there) - 1, 0)]


def first_batches(drained: Drained, n: int) -> Drained:
    """The first n batches of a run."""
    n = max(0, min(n, len(drained)))
    shank, thigh = int(drained.n_shank[:n].sum()), int(drained.n_thigh[:n].sum())
    return Drained(
        drained.n_thigh[:n], drained.n_shank[:n], drained.flex_mv[:n], drained.ticks_us[:n],
        drained.thigh_gyro[:thigh], drained.thigh_accel[:thigh],
        drained.shank_gyro[:shank], drained.shank_accel[:shank],
    )  # fmt: skip
