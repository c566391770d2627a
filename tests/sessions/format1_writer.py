"""Writes session files of format 1, which no sleeve writes any more: records into blocks, in order."""

from __future__ import annotations

from collections.abc import Callable

from block_writers import BLOCK, header1, record1  # pyright: ignore[reportMissingImports]


class BlockWriter:
    """Packs records into blocks and hands each full block to `sink`."""

    def __init__(self, session_id: int, sink: Callable[[bytes], object]) -> None:
        self._sink, self._session_id = sink, session_id
        self._number = self._sequence = 0
        self._block = b""

    def record(self, kind: int, payload: bytes) -> None:
        """Append a record; one that does not fit opens the next block."""
        packed = record1(kind, self._sequence, payload)
        if self._block and len(self._block) + len(packed) > BLOCK:
            self.flush()
        self._block = (self._block or header1(self._session_id, self._number)) + packed
        self._sequence += 1

    def flush(self) -> None:
        """Hand over the block if it holds a record."""
        if self._block:
            self._sink(self._block.ljust(BLOCK, b"\xff"))
            self._number += 1
            self._block = b""
