"""Packed RAW records to batches and samples (docs/format.md, Packing), a thousand records at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kneesleeve.sessions.packing_bits import Ints
from kneesleeve.sessions.packing_plain import decode_plain, is_plain
from kneesleeve.sessions.packing_records import MAX_BATCH_SAMPLES, MAX_SAMPLES, SAMPLES, TABLE, TICKS, Records

STEP_US = 20_000
_CHUNK = 512  # records: bounds the memory, whatever the bytes (all ones: 7 million quotients)
_ALL = slice(0, 16)
_STEP, _MV, _N_SHANK, _N_THIGH = range(4)


class Unpacked(NamedTuple):
    """J batches in the order of their records, and their samples: int16 [sum of the counts, 6], gyro xyz, accel xyz.

    record int64 [J]: index of the payload that the batch came from; batch int64 [J]; ticks_us int64 [J], modulo 2^30;
    flex_mv int16 [J], -1 for none; n_shank, n_thigh int64 [J].
    bad: index of a payload that is not as specified -> what is wrong with it.
    """

    record: Ints
    batch: Ints
    ticks_us: Ints
    flex_mv: NDArray[np.int16]
    n_shank: Ints
    n_thigh: Ints
    shank: NDArray[np.int16]
    thigh: NDArray[np.int16]
    bad: dict[int, str]


def decode(payloads: Sequence[bytes]) -> Unpacked:
    """All batches of all payloads that are as specified; the others are left out and named in `bad`. No bytes raise."""
    plain = [i for i, payload in enumerate(payloads) if is_plain(payload)]
    if plain:
        return _with_plain(payloads, plain)
    return _joined([_decode(payloads[i : i + _CHUNK], i) for i in range(0, max(len(payloads), 1), _CHUNK)])


def _joined(parts: Sequence[Unpacked]) -> Unpacked:
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Unpacked._fields[:-1]}
    return Unpacked(**arrays, bad={i: why for part in parts for i, why in part.bad.items()})


def _with_plain(payloads: Sequence[bytes], plain: Sequence[int]) -> Unpacked:
    """Plain records one by one, the stretches between them as they are."""
    parts, start, bad = [], 0, {}
    for i in plain:
        if start < i:
            parts.append(_moved(decode(payloads[start:i]), start))
        start = i + 1
        try:
            batch, *others = decode_plain(payloads[i])
        except ValueError as error:
            bad[i] = str(error)
        else:
            parts.append(Unpacked(np.full(len(batch), i), batch, *others, bad={}))
    joined = _joined([*parts, _moved(decode(payloads[start:]), start)])
    return joined._replace(bad=joined.bad | bad)


def _moved(part: Unpacked, start: int) -> Unpacked:
    return part._replace(record=part.record + start, bad={i + start: why for i, why in part.bad.items()})


def _decode(payloads: Sequence[bytes], offset: int) -> Unpacked:
    records = Records(payloads, offset)
    records.keep_complete(TABLE, _residuals(records)[:, TABLE])
    _read_table(records)
    records.keep_complete(_ALL, _residuals(records), last=True)
    shank, thigh = _read_samples(records)
    rows, owner, nth = _rows(records)
    since_start = np.cumsum(rows[:, _STEP] + STEP_US)
    ticks = records.prefix["ticks"].astype(np.int64)[owner] + since_start - since_start[np.arange(len(nth)) - nth]
    batch = records.prefix["batch"].astype(np.int64)[owner] + nth
    return Unpacked(
        records.index[owner], batch, ticks % TICKS, rows[:, _MV].astype(np.int16), rows[:, _N_SHANK], rows[:, _N_THIGH],
        shank, thigh, records.bad,
    )  # fmt: skip


def _residuals(records: Records) -> Ints:
    """Residuals per column, int64 [R, 16]: one less than its values. None of the samples before the table is read."""
    values = np.zeros((len(records.batches), 16), dtype=np.int64)
    values[:, TABLE] = records.batches[:, None]
    values[:, SAMPLES] = np.repeat(records.samples, 6, axis=1)
    return np.maximum(values - 1, 0)


def _read_table(records: Records) -> None:
    """Sets the records' table, int64 [R, batches, 4] with zeros behind the end, and samples, int64 [R, 2]."""
    counts = _residuals(records)[:, TABLE]
    columns, good = records.read(TABLE, counts, counts[:, :0])
    records.table = columns.transpose(1, 0, 2).astype(np.int64)
    records.table[np.arange(len(columns)) >= records.batches[:, None]] = 0
    n = records.table[:, :, _N_SHANK:]
    records.samples = n.sum(axis=1)
    good &= ((n >= 0) & (n <= MAX_BATCH_SAMPLES)).all(axis=(1, 2)) & (records.samples <= MAX_SAMPLES).all(axis=1)
    records.keep(good, "batch table")


def _read_samples(records: Records) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    counts = _residuals(records)
    columns, good = records.read(SAMPLES, counts[:, SAMPLES], counts[:, TABLE])
    records.keep(good, "a sample beyond 16 bits")
    by_record = columns.transpose(1, 0, 2)[good]
    there = np.arange(len(columns))[None, :, None] < records.samples[:, None, :]  # [R, T, chip]
    return by_record[there[:, :, 0], :6], by_record[there[:, :, 1], 6:]


def _rows(records: Records) -> tuple[Ints, Ints, Ints]:
    """The batch tables in one: rows [J, 4], the record of each, its place in the record from 0."""
    n = records.batches
    owner = np.repeat(np.arange(len(n)), n)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(n) - n, n)
    return records.table[owner, nth], owner, nth
