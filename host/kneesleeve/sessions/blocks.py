"""The blocks of a session file: which are whole, which are missing, which belong elsewhere."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from kneecore.blocks import BLOCK, HEADER, MAGIC, VERSION

_HEADER = struct.Struct("<4sBBBBIIII")
NO_MAGIC, BAD_CRC, BAD_VERSION, BAD_BITS = (
    "no block here",
    "its header is damaged",
    "format version",
    "incompatible bits",
)


class Header(NamedTuple):
    """A block's header. `problem` is "" where everything holds."""

    problem: str
    version: int
    incompat: int
    length: int
    session_id: int
    number: int


class Block(NamedTuple):
    """A block that can be read: file offset of its first byte, number, records begin at `start` within `data`."""

    offset: int
    number: int
    start: int
    data: bytes


def read_header(data: bytes, offset: int = 0) -> Header:
    """The header at `offset`; a short rest of a file has the problem `NO_MAGIC`."""
    if len(data) - offset < HEADER:
        return Header(NO_MAGIC, 0, 0, 0, 0, 0)
    magic, version, _, incompat, length, session_id, number, _, crc = _HEADER.unpack_from(data, offset)
    problem = ""
    if magic != MAGIC:
        problem = NO_MAGIC
    elif crc != zlib.crc32(data[offset : offset + HEADER - 4]):
        problem = BAD_CRC
    elif version != VERSION:
        problem = BAD_VERSION
    elif incompat:
        problem = BAD_BITS
    elif length < HEADER or length >= BLOCK:
        problem = BAD_CRC
    return Header(problem, version, incompat, length, session_id, number)


def headers(data: bytes) -> Iterator[tuple[int, Header]]:
    """(offset, header) at every multiple of 4096 bytes."""
    for offset in range(0, len(data), BLOCK):
        yield offset, read_header(data, offset)


def block_at(data: bytes, offset: int, header: Header) -> Block:
    """The block with its header at `offset`; its data may be cut short by the end of the file."""
    return Block(offset, header.number, header.length, data[offset : offset + BLOCK])
