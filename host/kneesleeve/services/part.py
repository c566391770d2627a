"""The `.part` file of a pull that is not finished: what of it can be kept, and appending to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from kneecore.ring_header import BLOCK
from kneesleeve.device.answers import SessionEntry
from kneesleeve.sessions.blocks import read_header
from kneesleeve.sessions.records import clean

Read = Callable[[int, int], bytes]


class Part:
    """Bytes 0 … size of a session, in a file beside its later name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0

    def resume(self, entry: SessionEntry, read: Read) -> int:
        """Keep the whole blocks at the start that check and are of this session; returns how many bytes that is.

        `read(offset, n)` asks the sleeve: the first and the last kept block must be the same there, because ids may
        come again after the sleeve was erased.
        """
        data = self.path.read_bytes() if self.path.exists() else b""
        kept = good_bytes(data[: entry.bytes], entry.id)
        if kept and any(read(at, BLOCK) != data[at : at + BLOCK] for at in {0, kept - BLOCK}):
            kept = 0
        with self.path.open("r+b" if data else "wb") as file:
            file.truncate(kept)
        self.size = kept
        return kept

    def append(self, data: bytes) -> None:
        """Add bytes; they are in the file when this returns."""
        with self.path.open("ab") as file:
            file.write(data)
        self.size += len(data)

    def sync(self) -> None:
        """Have the operating system write it out, so that the rename never names an empty file."""
        with self.path.open("r+b") as file:
            os.fsync(file.fileno())


def good_bytes(data: bytes, session_id: int) -> int:
    """Bytes of whole blocks from the start whose headers and records all check."""
    for number, at in enumerate(range(0, len(data) - BLOCK + 1, BLOCK)):
        header = read_header(data, at)
        right = not header.problem and (header.session_id, header.number) == (session_id, number)
        if not right or not clean(data[at : at + BLOCK], header.length):
            return at
    return len(data) // BLOCK * BLOCK
