"""The ring's blocks in a partition of the flash: the device under kneecore's Ring where a board has one.

The partition is passed in: an esp32.Partition, whose `writeblocks` with an offset programs without erasing.
"""

from micropython import const

from kneecore.records import copy_bytes
from kneecore.ring_header import BLOCK

_PAGE = const(256)  # what NOR flash programs at a time; a longer call is a longer freeze, and no fewer operations


class PartitionRing:
    """count, read, program and erase over a partition. `program` allocates nothing: it has a view for each length of a piece."""

    def __init__(self, partition):
        if partition.ioctl(5, 0) != BLOCK:
            raise ValueError("block size")
        self._partition = partition
        self.count = partition.ioctl(4, 0)
        self._page = bytearray(_PAGE)
        whole = memoryview(self._page)
        self._views = [whole[:n] for n in range(0, _PAGE + 1, 4)]

    def read(self, block, offset, buf):
        """Fill buf from offset on."""
        self._partition.readblocks(block, buf, offset)

    def program(self, block, offset, buf, at, n):
        """Program n bytes (a multiple of 4) of buf from at, page by page; OSError if the flash refuses."""
        while n > 0:
            piece = _PAGE - offset % _PAGE
            if piece > n:
                piece = n
            copy_bytes(self._page, 0, buf, at, piece)
            self._partition.writeblocks(block, self._views[piece // 4], offset)
            offset += piece
            at += piece
            n -= piece

    def erase(self, block):
        """All 0xFF; freezes an ESP32 for some 80 ms."""
        self._partition.ioctl(6, block)
