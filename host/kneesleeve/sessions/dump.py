"""Blocks in anything: a session file, a dump of the ring, an image of the whole flash, at any offset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from kneesleeve.sessions.blocks import Header, packed_header, read_header
from kneesleeve.sessions.layout import BLOCK, MAGIC
from kneesleeve.sessions.records import scan_part, sequence_at

Key = tuple[int, int, int]  # version, device tag, session number


class Piece(NamedTuple):
    """What is good of one block. offset: where it lies; head: its header's bytes; body: those of its records.

    records: how many; first, last: sequences of the first and last of them (-1: none). damaged: bytes not readable.
    """

    header: Header
    offset: int
    head: bytes
    body: bytes
    records: int
    first: int
    last: int
    damaged: int

    @property
    def block(self) -> bytes:
        """A clean block of 4096 bytes: header, good records, 0xFF."""
        return (self.head + self.body).ljust(BLOCK, b"\xff")


def find_pieces(data: bytes) -> dict[Key, list[Piece]]:
    """All blocks with a good header, by session, in the order in which they lie."""
    found = list(_headers(data))
    ends = [offset for offset, _ in found[1:]] + [len(data)]
    pieces: dict[Key, list[Piece]] = defaultdict(list)
    for (offset, header), end in zip(found, ends):
        head = data[offset : offset + header.length]
        pieces[header.session].append(piece(data, offset, min(end, offset + BLOCK), header, head))
    return pieces


def piece(data: bytes, offset: int, end: int, header: Header, head: bytes = b"") -> Piece:
    """What of data[offset:end] is readable as a block with this header.

    Without `head` the block's own header is damaged: all it holds is taken, and `header` gets its first sequence.
    """
    first = header.first_sequence if header.layout.checked and head else None
    kept: list[bytes] = []
    sequences: list[int] = []
    damaged = 0
    for at, stop, good in scan_part(data, offset + header.length, end, header.layout, first):
        if good:
            kept.append(data[at:stop])
            sequences.append(sequence_at(data, at, header.layout))
        else:
            damaged += stop - at
    low, high = (sequences[0], sequences[-1]) if sequences else (-1, -1)
    if not head:
        header = header._replace(first_sequence=max(low, 0))
        head = packed_header(header)
    return Piece(header, offset, head, b"".join(kept), len(kept), low, high, damaged)


def _headers(data: bytes) -> Iterator[tuple[int, Header]]:
    """(offset, header) of everything that looks like a block and whose header checks."""
    offset = data.find(MAGIC)
    while offset >= 0:
        header = read_header(data, offset)
        if not header.problem:
            yield offset, header
        offset = data.find(MAGIC, offset + (len(MAGIC) if header.problem else header.length))
