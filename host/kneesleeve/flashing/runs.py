"""Which runs a board's `sessions` partition holds, from the headers of its blocks alone: 36 bytes of every 4096."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from kneesleeve.flashing.filesystem import Read
from kneesleeve.flashing.maps import Partition
from kneesleeve.sessions.blocks import Header, read_header
from kneesleeve.sessions.layout import BLOCK, GIVEN_UP, VERIFIED

_HEADER = 64  # one read of the ROM's bootloader


class BoardRun(NamedTuple):
    """One session on a board. safe: a pull has verified it, or its wearer gave it up."""

    session_id: int
    blocks: int
    safe: bool


def runs_in(read: Read, sessions: Partition) -> list[BoardRun]:
    """The sessions in a partition, by number. Blocks of a version that is not known count as a run of their own."""
    found: dict[tuple[int, int, int], list[Header]] = defaultdict(list)
    for offset in range(sessions.offset, sessions.end, BLOCK):
        header = read_header(read(offset, _HEADER))
        if not header.problem or header.version:  # what looks like a block, damaged or newer, may be somebody's run
            found[header.session].append(header)
    runs = [
        BoardRun(key[2], len(headers), any(h.status & (VERIFIED | GIVEN_UP) for h in headers if not h.problem))
        for key, headers in found.items()
    ]
    return sorted(runs)
