"""The partition table as it lies on the flash: entries of 32 bytes, an MD5 of them, then 0xFF.

Written here because the one library for MicroPython images keeps its own list of subtypes and brings a second front end
to esptool; 40 lines are checked in the tests against ESP-IDF's own reader (`esp-idf-defs`) and a real image's table.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

from kneesleeve.flashing.maps import SECTOR, Partition

TABLE_BYTES = 0xC00  # of the sector; the rest is for a signature
_ENTRY = struct.Struct("<2sBBII16sI")
_MAGIC = b"\xaa\x50"
_MD5_HEAD = b"\xeb\xeb" + b"\xff" * 14


def packed(partitions: Sequence[Partition]) -> bytes:
    """The table as 4096 bytes."""
    entries = b"".join(
        _ENTRY.pack(_MAGIC, p.type, p.subtype, p.offset, p.size, p.label.encode().ljust(16, b"\0"), 0)
        for p in partitions
    )
    return (entries + _MD5_HEAD + hashlib.md5(entries).digest()).ljust(SECTOR, b"\xff")


def parsed(data: bytes) -> tuple[Partition, ...]:
    """The entries of a table; () where there is none, or one that a cut or damage left behind."""
    found: list[Partition] = []
    for at in range(0, min(len(data), TABLE_BYTES) - _ENTRY.size + 1, _ENTRY.size):
        entry = data[at : at + _ENTRY.size]
        if entry[:2] == _MAGIC:
            _, kind, subtype, offset, size, label, _ = _ENTRY.unpack(entry)
            found.append(Partition(label.rstrip(b"\0").decode("ascii", "replace"), kind, subtype, offset, size))
        elif entry[:16] == _MD5_HEAD:
            return tuple(found) if hashlib.md5(data[:at]).digest() == entry[16:] else ()
        else:
            return tuple(found) if entry == b"\xff" * _ENTRY.size else ()
    return ()
