"""What tests find on a board: a flash map, files and runs, put straight into a mock's flash."""

from __future__ import annotations

import struct
import zlib

from kneesleeve.flashing import filesystem
from kneesleeve.flashing.maps import SECTOR, TABLE_AT, Partition, part
from kneesleeve.flashing.partition_table import packed

UNPROGRAMMED = 0xFFFFFFFF


def put_table(flash: bytearray, partitions: tuple[Partition, ...]) -> None:
    """A partition table."""
    flash[TABLE_AT : TABLE_AT + SECTOR] = packed(partitions)


def put_files(flash: bytearray, partitions: tuple[Partition, ...], files: dict[str, bytes]) -> None:
    """A file system in `vfs`."""
    vfs = part(partitions, "vfs")
    flash[vfs.offset : vfs.end] = filesystem.built(files, vfs.size)


def put_run(flash: bytearray, at: int, session: int, blocks: int, status: int = 0) -> None:
    """A run of empty blocks at a place of the flash; status: bits as docs/format.md has them, 1 = set here."""
    for number in range(blocks):
        head = struct.pack("<4sBBBBIIIII", b"KSLV", 2, 0, 0, 36, session, number, number, 0, 7)
        word = UNPROGRAMMED ^ (status if number == 0 else 0)
        block = head + struct.pack("<II", zlib.crc32(head), word)
        flash[at + number * 4096 :][: len(block)]
        flash[at + number * 4096 : at + number * 4096 + len(block)] = block
