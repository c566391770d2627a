"""Reads the blocks of a flash image, written from docs/format.md alone: what a host would make of what it finds."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import NamedTuple

BLOCK, HEADER = 4096, 36
CLOSED, INTERRUPTED, VERIFIED, GIVEN_UP = 1, 2, 4, 8


class FoundBlock(NamedTuple):
    """One block with a good header. records: (sequence, type, payload) of its good records, in order."""

    session: int
    number: int
    write_count: int
    sequence: int
    flags: int
    records: tuple[tuple[int, int, bytes], ...]


class FoundSession(NamedTuple):
    """One session: its blocks by number, the status of its first block, and all good records by sequence."""

    blocks: dict[int, FoundBlock]
    flags: int
    records: dict[int, tuple[int, bytes]]

    @property
    def whole(self) -> bool:
        """Its first block is there, and every one up to the last."""
        return sorted(self.blocks) == list(range(len(self.blocks)))


def crc8(data: bytes) -> int:
    c = 0
    for byte in data:
        c ^= byte
        for _ in range(8):
            c = (c << 1) ^ 0x107 if c & 0x80 else c << 1
    return c


@lru_cache(maxsize=4096)
def read_block(data: bytes) -> FoundBlock | None:
    """The block, or None if its header is not good."""
    magic, version, _, incompat, length = struct.unpack_from("<4s4B", data)
    session, number, count, sequence, _, check, status = struct.unpack_from("<7I", data, 8)
    if magic != b"KSLV" or zlib.crc32(data[:28]) != check:
        return None
    assert (version, incompat, length) == (2, 0, HEADER), "a good header of another format"
    return FoundBlock(session, number, count, sequence, ~status & 15, tuple(_records(data, sequence)))


def _records(data: bytes, expected: int):
    at = HEADER
    while at + 12 <= BLOCK:
        record = _record_at(data, at)
        if record and record[0] >= expected:
            yield record
            expected = record[0] + 1
            at += 12 + (len(record[2]) + 3 & ~3)
        else:
            at += 4


def _record_at(data: bytes, at: int) -> tuple[int, int, bytes] | None:
    sync, kind, n = struct.unpack_from("<BBH", data, at)
    end = at + 8 + (n + 3 & ~3)
    if sync != 0xA5 or crc8(data[at : at + 7]) != data[at + 7] or end + 4 > BLOCK:
        return None
    if zlib.crc32(data[at:end]) != int.from_bytes(data[end : end + 4], "little"):
        return None
    return int.from_bytes(data[at + 4 : at + 7], "little"), kind, data[at + 8 : at + 8 + n]


def read_image(image: bytes | bytearray) -> dict[int, FoundSession]:
    """Sessions by number; a block counts only in its place."""
    count = len(image) // BLOCK
    blocks: dict[int, dict[int, FoundBlock]] = {}
    for place in range(count):
        block = read_block(bytes(image[place * BLOCK : (place + 1) * BLOCK]))
        if block and block.write_count % count == place:
            blocks.setdefault(block.session, {})[block.number] = block
    return {number: _session(found) for number, found in sorted(blocks.items())}


def _session(blocks: dict[int, FoundBlock]) -> FoundSession:
    records: dict[int, tuple[int, bytes]] = {}
    for number in sorted(blocks):
        for sequence, kind, payload in blocks[number].records:
            assert sequence not in records, f"record {sequence} twice"
            records[sequence] = (kind, payload)
    return FoundSession(blocks, blocks[min(blocks)].flags, records)
