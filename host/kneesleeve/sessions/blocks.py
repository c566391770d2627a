"""The headers of blocks: which are whole, of which version, session and device."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from kneesleeve.sessions.layout import BLOCK, LAYOUTS, MAGIC, Layout

_HEADS = {1: struct.Struct("<4sBBBBIIII"), 2: struct.Struct("<4sBBBBIIIIIII")}
_LEAST = min(layout.header for layout in LAYOUTS.values())
_UNPROGRAMMED = 0xFFFFFFFF
NO_MAGIC, ERASED, BAD_CRC, BAD_VERSION, BAD_BITS = (
    "no block here",
    "erased",
    "its header is damaged",
    "format version",
    "incompatible bits",
)


class Header(NamedTuple):
    """A block's header. `problem` is "" where everything holds; without magic all other fields are 0.

    length: bytes until the first record. number: in the session, from 0. write_count, first_sequence (of the first
    record in the block) and device_tag are 0 in version 1. status: bits as in docs/format.md, but 1 = set here.
    """

    problem: str
    version: int = 0
    incompat: int = 0
    length: int = 0
    session_id: int = 0
    number: int = 0
    write_count: int = 0
    first_sequence: int = 0
    device_tag: int = 0
    status: int = 0

    @property
    def layout(self) -> Layout:
        """Of its version; raises KeyError for one that is not known."""
        return LAYOUTS[self.version]

    @property
    def session(self) -> tuple[int, int, int]:
        """What all blocks of one session have in common: version, device tag, session number."""
        return self.version, self.device_tag, self.session_id


def read_header(data: bytes, offset: int = 0) -> Header:
    """The header at `offset`; a short rest of a file has the problem `NO_MAGIC`. Never raises."""
    if data[offset : offset + 4] != MAGIC or len(data) - offset < _LEAST:
        erased = data[offset : offset + 32] == b"\xff" * 32
        return Header(ERASED if erased else NO_MAGIC)
    version = data[offset + 4]
    if version not in LAYOUTS:
        known = any(_crc_holds(data, offset, layout) for layout in LAYOUTS.values())
        return Header(BAD_VERSION if known else BAD_CRC, version)
    layout = LAYOUTS[version]
    if len(data) - offset < layout.header:
        return Header(BAD_CRC, version)
    header = _parsed(data, offset, layout)
    problem = ""
    if not _crc_holds(data, offset, layout) or not layout.header <= header.length < BLOCK or header.length % 4:
        problem = BAD_CRC
    elif header.incompat:
        problem = BAD_BITS
    return header._replace(problem=problem)


def _parsed(data: bytes, offset: int, layout: Layout) -> Header:
    _, version, _, incompat, length, session_id, number, write_count, *rest = _HEADS[layout.version].unpack_from(
        data, offset
    )
    if layout.version == 1:
        return Header("", version, incompat, length, session_id, number)
    first, tag, _, status = rest
    return Header("", version, incompat, length, session_id, number, write_count, first, tag, status ^ _UNPROGRAMMED)


def _crc_holds(data: bytes, offset: int, layout: Layout) -> bool:
    end = offset + layout.crc_at
    return zlib.crc32(data[offset:end]) == int.from_bytes(data[end : end + 4], "little")


def headers(data: bytes) -> Iterator[tuple[int, Header]]:
    """(offset, header) at every multiple of 4096 bytes."""
    for offset in range(0, len(data), BLOCK):
        yield offset, read_header(data, offset)


def packed_header(header: Header) -> bytes:
    """The bytes of a header, for a block whose own was damaged; no status bit is set."""
    h = header
    words = [MAGIC, h.version, 0, h.incompat, h.layout.header, h.session_id, h.number, h.write_count]
    if h.layout.checked:
        words += [h.first_sequence, h.device_tag]
    status = (_UNPROGRAMMED,) if h.layout.checked else ()
    body = _HEADS[h.version].pack(*words, 0, *status)[: h.layout.crc_at]
    return body + zlib.crc32(body).to_bytes(4, "little") + b"\xff" * (h.layout.header - h.layout.crc_at - 4)
