"""RAW records of any version to arrays, and to the per-batch form that the reference takes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kneesleeve.recordings.drain import BATCH_US, NO_FLEX_MV, Drained
from kneesleeve.sessions import packing
from kneesleeve.sessions.clock import unwrapped

_HEAD1 = struct.Struct("<IIhBB")
_HEAD2 = struct.Struct("<IBBH")
_SAMPLE = 12  # bytes: 6 int16
MAX_BATCHES = 32  # in a record of format 2
MAX_BATCH = 24 * 3600 * 50  # a day: a larger number is damage, not a run


@dataclass(frozen=True)
class RawRun:
    """The batches that have a record, B of them, in order.

    batch, ticks_us (as recorded, modulo 2^30), flex_mv (-1: none), n_shank, n_thigh: int64 [B].
    shank, thigh: int16 [sum(n), 6], gyro xyz and accel xyz in sensor axes, 0.070 dps and 0.000488 g per LSB.
    """

    batch: NDArray[np.int64]
    ticks_us: NDArray[np.int64]
    flex_mv: NDArray[np.int64]
    n_shank: NDArray[np.int64]
    n_thigh: NDArray[np.int64]
    shank: NDArray[np.int16]
    thigh: NDArray[np.int16]

    def __len__(self) -> int:
        """B."""
        return len(self.batch)


def span(version: int, payload: bytes) -> tuple[int, int]:
    """First and last batch of a RAW record, without its samples. Raises ValueError for one that cannot be."""
    if version == 1:
        return _span1(payload)
    if len(payload) < _HEAD2.size:
        raise ValueError("RAW record too short")
    first, batches, _, _ = _HEAD2.unpack_from(payload)
    if not 1 <= batches <= MAX_BATCHES:
        raise ValueError(f"RAW record of {batches} batches")
    return first, first + batches - 1


def _span1(payload: bytes) -> tuple[int, int]:
    if len(payload) < _HEAD1.size:
        raise ValueError("RAW record too short")
    batch, _, _, n_shank, n_thigh = _HEAD1.unpack_from(payload)
    if len(payload) != _HEAD1.size + _SAMPLE * (n_shank + n_thigh):
        raise ValueError(f"RAW record of batch {batch} has not the length of its samples")
    return batch, batch


def decode(version: int, payloads: Sequence[bytes]) -> tuple[RawRun, dict[int, str]]:
    """All batches of RAW records, and by index the records that could not be decoded and why."""
    if version == 1:
        return _decode1(payloads), {}
    u = packing.decode(payloads)
    run = RawRun(u.batch, u.ticks_us, u.flex_mv.astype(np.int64), u.n_shank, u.n_thigh, u.shank, u.thigh)
    return run, u.bad


def _decode1(payloads: Sequence[bytes]) -> RawRun:
    """Format 1: one batch a record, samples as they are."""
    rows = np.array([_HEAD1.unpack_from(p) for p in payloads], np.int64).reshape(-1, 5)
    ends = (_HEAD1.size + _SAMPLE * rows[:, 3]).tolist()
    shank = b"".join(p[_HEAD1.size : end] for p, end in zip(payloads, ends))
    thigh = b"".join(p[end:] for p, end in zip(payloads, ends))
    samples = [np.frombuffer(part, "<i2").astype(np.int16).reshape(-1, 6) for part in (shank, thigh)]
    batch, ticks_us, flex_mv, n_shank, n_thigh = rows.T
    return RawRun(batch, ticks_us, flex_mv, n_shank, n_thigh, samples[0], samples[1])


def drained(run: RawRun, last: int | None = None, losses: Sequence[tuple[int, int]] = ()) -> Drained:
    """Batches 1 … last (that of the last record if not given); those without a record have no samples, no flex reading.

    ticks_us: int64 [J], unwrapped to grow from the first recorded value; without a record it goes straight on between
    its neighbours, 20 ms a batch where there is only one. losses: as in `Drained`.
    """
    last = last if last is not None else int(run.batch[-1]) if len(run) else 0
    at = run.batch - 1
    columns = np.zeros((3, last), np.int64)
    columns[2] = NO_FLEX_MV
    columns[:, at] = run.n_shank, run.n_thigh, run.flex_mv
    ticks_us = BATCH_US * np.arange(1, last + 1)
    if len(run):
        known_us, number = unwrapped(run.batch, run.ticks_us), np.arange(1, last + 1)
        outside = np.minimum(number - run.batch[0], 0) + np.maximum(number - run.batch[-1], 0)
        ticks_us = np.rint(np.interp(number, run.batch, known_us)).astype(np.int64) + BATCH_US * outside
    return Drained(
        columns[1], columns[0], columns[2], ticks_us,
        run.thigh[:, :3], run.thigh[:, 3:], run.shank[:, :3], run.shank[:, 3:],
        losses=tuple(loss for loss in losses if loss[0] < last),
    )  # fmt: skip


def first_batches(drained: Drained, n: int) -> Drained:
    """The first n batches of a run."""
    return between(drained, 1, n)


def between(drained: Drained, first: int, last: int) -> Drained:
    """Batches first … last of a run (numbered from 1), as far as there are so many."""
    begin = min(first - 1, len(drained))
    rows = slice(begin, max(begin, min(last, len(drained))))
    s_ends, t_ends = drained.shank_bounds[[rows.start, rows.stop]], drained.thigh_bounds[[rows.start, rows.stop]]
    shank, thigh = slice(*s_ends.tolist()), slice(*t_ends.tolist())
    return Drained(
        drained.n_thigh[rows], drained.n_shank[rows], drained.flex_mv[rows], drained.ticks_us[rows],
        drained.thigh_gyro[thigh], drained.thigh_accel[thigh], drained.shank_gyro[shank], drained.shank_accel[shank],
        losses=tuple((batch - rows.start, n) for batch, n in drained.losses if rows.start <= batch < rows.stop),
    )  # fmt: skip
