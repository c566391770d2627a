"""A session's blocks in order; those with a damaged header are kept where their records fit between the neighbours'."""

from __future__ import annotations

from collections.abc import Iterable

from kneesleeve.sessions.dump import Piece, piece
from kneesleeve.sessions.layout import BLOCK


def in_order(data: bytes, pieces: Iterable[Piece], taken: set[int]) -> list[Piece]:
    """One piece a block number, ascending. taken: where good blocks lie; orphans that were adopted are added to it.

    Of two copies the one with more good records is kept. The block beside a good one whose number is missing is adopted
    as that number, if at least one record in it checks and their sequences lie between those of the blocks around it.
    """
    numbered: dict[int, Piece] = {}
    for found in pieces:
        number = found.header.number
        if number not in numbered or found.records > numbered[number].records:
            numbered[number] = found
    for beside in list(numbered.values()):
        for step in (1, -1):
            _adopt(data, numbered, beside, step, taken)
    return sorted(numbered.values(), key=lambda found: found.header.number)


def _adopt(data: bytes, numbered: dict[int, Piece], beside: Piece, step: int, taken: set[int]) -> None:
    """Go on from a good block, forwards or backwards, as long as what lies there fits."""
    while True:
        number, offset = beside.header.number + step, beside.offset + step * BLOCK
        if number < 0 or number in numbered or offset in taken or not 0 <= offset < len(data):
            return
        count = max(0, beside.header.write_count + step) if beside.header.layout.checked else 0
        header = beside.header._replace(
            number=number, write_count=count, length=beside.header.layout.header, status=0, problem=""
        )
        orphan = piece(data, offset, min(offset + BLOCK, len(data)), header)
        if not orphan.records or not _between(orphan, numbered.get(number - 1), numbered.get(number + 1)):
            return
        numbered[number] = orphan
        taken.add(offset)
        beside = orphan


def _between(orphan: Piece, before: Piece | None, after: Piece | None) -> bool:
    """True if the sequences lie between those of the neighbours, as far as these are there."""
    low = before is None or before.last < orphan.first
    high = after is None or not after.records or orphan.last < after.first
    return low and high and orphan.first <= orphan.last
