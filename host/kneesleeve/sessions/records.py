"""The records of a block, found again after damage."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from kneesleeve.sessions.layout import BLOCK, LAYOUTS, MOST_RECORDS, RECORD_CRC, RECORD_HEADER, SYNC, Layout

_WORD = struct.Struct("<I")
_LEAST = RECORD_HEADER + RECORD_CRC


class Record(NamedTuple):
    """A record whose checks hold. at: where it begins in the data that was scanned."""

    at: int
    kind: int
    sequence: int
    payload: bytes


class Damage(NamedTuple):
    """Bytes of a block in which no record could be read."""

    at: int
    length: int


def _crc8_table() -> bytes:
    out = bytearray(256)
    for n in range(256):
        c = n
        for _ in range(8):
            c = ((c << 1) ^ 0x07) & 0xFF if c & 0x80 else c << 1
        out[n] = c
    return bytes(out)


_CRC8 = _crc8_table()


def crc8(data: bytes | bytearray, at: int) -> int:
    """Header check of the record at `at`: CRC-8 (polynomial 0x07, start 0, not reflected) of its first 7 bytes."""
    c = 0
    for byte in data[at : at + 7]:
        c = _CRC8[c ^ byte]
    return c


def scan(block: bytes, start: int) -> Iterator[Record | Damage]:
    """Records of a block from `start` (the length of its header) on, in order, with the damaged stretches between them.

    The version is the block's own. Raises KeyError for a block of a version that is not known.
    """
    layout = LAYOUTS[block[4]]
    for at, stop, good in scan_part(block, start, len(block), layout):
        yield read_record(block, at, layout) if good else Damage(at, stop - at)


def scan_part(
    data: bytes, start: int, end: int, layout: Layout, first: int | None = None
) -> Iterator[tuple[int, int, bool]]:
    """(start, stop, good) of every record and damaged stretch in data[start:end], which is a block without its header.

    Records begin at multiples of 4 from `start`; after damage the next one whose checks hold is taken. first: the
    sequence that the block's header names; with it a record's sequence must lie ahead within what one block holds.
    """
    at, ahead = start, first
    while at < end:
        stop = record_end(data, at, end, layout, ahead)
        if stop:
            yield at, stop, True
            ahead = None if first is None else sequence_at(data, at, layout) + 1
            at = stop
            continue
        rest = data[at:end].rstrip(b"\xff")
        if not rest:
            return
        found = _next(data, at + 4, end, layout, ahead)
        yield at, found or at + len(rest), False
        at = found or end


def record_end(data: bytes, at: int, end: int, layout: Layout, ahead: int | None = None) -> int:
    """Where the record at `at` ends if its checks hold and that is before `end`, else 0. ahead: see `scan_part`."""
    if end - at < _LEAST or data[at] != SYNC or (layout.checked and crc8(data, at) != data[at + 7]):
        return 0
    check = at + RECORD_HEADER + ((data[at + 2] + (data[at + 3] << 8) + 3) & ~3)
    if check + RECORD_CRC > end or zlib.crc32(data[at:check]) != _WORD.unpack_from(data, check)[0]:
        return 0
    if ahead is not None and (sequence_at(data, at, layout) - ahead) % layout.sequences >= MOST_RECORDS:
        return 0
    return check + RECORD_CRC


def record_at(data: bytes, at: int) -> Record | None:
    """The record at `at` of a block if its checks hold."""
    layout = LAYOUTS[data[4]]
    return read_record(data, at, layout) if record_end(data, at, len(data), layout) else None


def read_record(data: bytes, at: int, layout: Layout) -> Record:
    """The record at `at`, whose checks hold."""
    start, n = at + RECORD_HEADER, length_at(data, at)
    return Record(at, data[at + 1], sequence_at(data, at, layout), data[start : start + n])


def length_at(data: bytes, at: int) -> int:
    """Of the payload of the record at `at`, as its header says."""
    return data[at + 2] | data[at + 3] << 8


def sequence_at(data: bytes, at: int, layout: Layout) -> int:
    """Of the record at `at`, as its header says."""
    return _WORD.unpack_from(data, at + 4)[0] % layout.sequences


def _next(data: bytes, at: int, end: int, layout: Layout, ahead: int | None) -> int:
    """Where the next good record begins, at or after `at` in steps of 4; 0 if there is none."""
    for place in range(at, end - _LEAST + 1, 4):
        if data[place] == SYNC and record_end(data, place, end, layout, ahead):
            return place
    return 0


def clean(data: bytes, start: int) -> bool:
    """True if a whole block holds nothing but good records and an unused rest."""
    return len(data) == BLOCK and all(isinstance(part, Record) for part in scan(data, start))
