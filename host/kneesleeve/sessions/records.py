"""The records of a block, found again after damage."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from kneecore.blocks import RECORD_CRC, RECORD_HEADER, SYNC

_HEADER = struct.Struct("<BBHI")
_CRC = struct.Struct("<I")
_LEAST = RECORD_HEADER + RECORD_CRC


class Record(NamedTuple):
    """A record whose check holds."""

    at: int
    kind: int
    sequence: int
    payload: bytes


class Damage(NamedTuple):
    """Bytes of a block in which no record could be read."""

    at: int
    length: int


def scan(data: bytes, start: int) -> Iterator[Record | Damage]:
    """Records of a block from `start` on, in order, with the damaged stretches between them.

    Records begin at multiples of 4 from `start`; after damage the next one whose check holds is taken.
    """
    at = start
    while at < len(data):
        record = record_at(data, at)
        if record:
            yield record
            at += _LEAST + ((len(record.payload) + 3) & ~3)
        elif not data[at:].strip(b"\xff"):
            return
        else:
            found = _next(data, at + 4)
            end = len(data[: found or len(data)].rstrip(b"\xff")) if found is None else found
            yield Damage(at, max(end - at, 1))
            at = len(data) if found is None else found


def record_at(data: bytes, at: int) -> Record | None:
    """The record at `at` if its check holds."""
    if len(data) - at < _LEAST or data[at] != SYNC:
        return None
    _, kind, n, sequence = _HEADER.unpack_from(data, at)
    end = at + RECORD_HEADER + ((n + 3) & ~3)
    if end + RECORD_CRC > len(data) or zlib.crc32(data[at:end]) != _CRC.unpack_from(data, end)[0]:
        return None
    return Record(at, kind, sequence, data[at + RECORD_HEADER : at + RECORD_HEADER + n])


def _next(data: bytes, at: int) -> int | None:
    """Where the next good record begins, at or after `at` in steps of 4; None if there is none."""
    for place in range(at, len(data) - _LEAST + 1, 4):
        if data[place] == SYNC and record_at(data, place):
            return place
    return None


def clean(data: bytes, start: int) -> bool:
    """True if a whole block holds nothing but good records and an unused rest."""
    return all(isinstance(part, Record) for part in scan(data, start))
