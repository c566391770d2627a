"""The flash chip: a block device over an image file, for the real littlefs. Allocates nothing per call."""

import vb_clock

BLOCK_BYTES = 4096


class FlashDev:
    """Block device (extended protocol) over an open image file of `block_count` blocks of 4096 bytes."""

    def __init__(self, path, block_count):
        self._file = open(path, "r+b")
        self._count = block_count

    # A flash driver in C is not interrupted by Ctrl-C, and littlefs must not be left through one: an interrupted
    # operation is done again from its start, and the interrupt comes with the next sleep.

    def readblocks(self, block, buf, offset=0):
        while True:
            try:
                self._file.seek(block * BLOCK_BYTES + offset)
                self._file.readinto(buf)
                return
            except KeyboardInterrupt:
                vb_clock.interrupted = True

    def writeblocks(self, block, buf, offset=0):
        while True:
            try:
                self._file.seek(block * BLOCK_BYTES + offset)
                self._file.write(buf)
                return
            except KeyboardInterrupt:
                vb_clock.interrupted = True

    def ioctl(self, op, arg):
        if op == 4:
            return self._count
        if op == 5:
            return BLOCK_BYTES
        return 0  # init, deinit, sync, erase: littlefs programs what it erased before it reads it


def is_blank(path):
    """True when the image has no littlefs superblock in blocks 0 and 1."""
    with open(path, "rb") as image:
        for block in range(2):
            image.seek(block * BLOCK_BYTES + 8)
            if image.read(8) == b"littlefs":
                return False
    return True
