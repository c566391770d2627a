"""The good records of a session file, by place and kind, without copies of their payloads."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from kneesleeve.sessions.blocks import read_header
from kneesleeve.sessions.layout import BLOCK, RECORD_HEADER
from kneesleeve.sessions.records import Record


class Records:
    """A sequence of `Record`, R of them, over the file's bytes: 19 bytes of memory each.

    kinds: one byte each. `at` of a record is its byte in the file; sequences are counted on past their modulus.
    """

    def __init__(self, data: bytes = b"") -> None:
        self._data = data
        self.kinds = bytearray()
        self._at = array("q")
        self._sequence = array("Q")
        self._length = array("H")

    def append(self, at: int, kind: int, sequence: int, length: int) -> None:
        """A record whose checks hold; length is that of its payload."""
        self.kinds.append(kind)
        self._at.append(at)
        self._sequence.append(sequence)
        self._length.append(length)

    def __len__(self) -> int:
        """R."""
        return len(self.kinds)

    def __getitem__(self, i: int) -> Record:
        return Record(self._at[i], self.kinds[i], self._sequence[i], self.payload(i))

    def __iter__(self) -> Iterator[Record]:
        return (self[i] for i in range(len(self)))

    def block_of(self, i: int) -> int:
        """Number of the block that record i lies in."""
        return read_header(self._data, self._at[i] // BLOCK * BLOCK).number

    def payload(self, i: int) -> bytes:
        """What record i says."""
        start = self._at[i] + RECORD_HEADER
        return self._data[start : start + self._length[i]]
