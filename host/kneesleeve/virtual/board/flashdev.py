"""The flash chip: block devices over image files, for the real littlefs and for the ring. Calls allocate nothing.

`program_us`, `erase_us`: what an operation takes on the virtual clock, 0 for no time at all.
"""

import micropython
import vb_clock

BLOCK_BYTES = 4096
_PAGE = 256


@micropython.viper
def _sets_a_bit(old: ptr8, new: ptr8, start: int, n: int) -> int:  # noqa: F821  viper's own
    for i in range(n):
        if new[start + i] & (old[i] ^ 255):
            return 1
    return 0


@micropython.viper
def _fill(buf: ptr8, start: int, end: int):  # noqa: F821
    for i in range(start, end):
        buf[i] = 255


class FlashDev:
    """Block device (extended protocol) over an open image file of `block_count` blocks of 4096 bytes."""

    def __init__(self, path, block_count, program_us=0, erase_us=0):
        self._file = open(path, "r+b")
        self._count = block_count
        self._program_us, self._erase_us = program_us, erase_us

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
                break
            except KeyboardInterrupt:
                vb_clock.interrupted = True
        vb_clock.advance(self._program_us)

    def ioctl(self, op, arg):
        if op == 4:
            return self._count
        if op == 5:
            return BLOCK_BYTES
        if op == 6:
            vb_clock.advance(self._erase_us)
        return 0  # init, deinit, sync, erase: littlefs programs what it erased before it reads it


class NorDev:
    """NOR flash as a partition has it: writing with an offset programs, which only clears bits; ioctl 6 erases.

    The file holds what was used so far; beyond its end everything is erased. A bit that would have to go from 0 to 1
    raises RuntimeError: a chip would keep the 0 without a word.
    """

    def __init__(self, path, block_count, program_us=0, erase_us=0):
        self._count = block_count
        self._program_us, self._erase_us = program_us, erase_us
        self._old = bytearray(_PAGE)
        self._blank = bytearray(b"\xff" * _PAGE)
        try:
            self._file = open(path, "r+b")
        except OSError:
            self._file = open(path, "w+b")
        self._size = self._file.seek(0, 2)

    def readblocks(self, block, buf, offset=0):
        start = self._place(block, offset, len(buf))
        while True:
            try:
                n = self._read(start, buf)
                break
            except KeyboardInterrupt:
                vb_clock.interrupted = True
        _fill(buf, n, len(buf))

    def writeblocks(self, block, buf, offset=-1):
        if offset < 0:
            self.ioctl(6, block)
            offset = 0
        start = self._place(block, offset, len(buf))
        self._check(start, buf)
        while True:
            try:
                self._reach(start)
                self._file.seek(start)
                self._file.write(buf)
                break
            except KeyboardInterrupt:
                vb_clock.interrupted = True
        vb_clock.advance(self._program_us)

    def ioctl(self, op, arg):
        if op == 4:
            return self._count
        if op == 5:
            return BLOCK_BYTES
        if op == 6:
            self._erase(self._place(arg, 0, BLOCK_BYTES))
            vb_clock.advance(self._erase_us)
        return 0

    def _place(self, block, offset, n):
        start = block * BLOCK_BYTES + offset
        if block < 0 or start + n > self._count * BLOCK_BYTES:
            raise OSError(22)
        return start

    def _read(self, start, buf):
        if start >= self._size:
            return 0
        self._file.seek(start)
        return self._file.readinto(buf)

    def _check(self, start, buf):
        at = 0
        while at < len(buf):
            n = min(_PAGE, len(buf) - at)
            _fill(self._old, self._read(start + at, self._old), _PAGE)
            if _sets_a_bit(self._old, buf, at, n):
                raise RuntimeError("flash: a bit from 0 to 1 in block " + str(start // BLOCK_BYTES))
            at += n

    def _reach(self, start):
        """Have the file hold the whole block of this byte."""
        while self._size < (start // BLOCK_BYTES + 1) * BLOCK_BYTES:
            self._file.seek(self._size)
            self._file.write(self._blank)
            self._size += _PAGE

    def _erase(self, start):
        at = start
        while at < start + BLOCK_BYTES and at < self._size:
            try:
                self._file.seek(at)
                self._file.write(self._blank)
                at += _PAGE
            except KeyboardInterrupt:
                vb_clock.interrupted = True


def is_blank(path):
    """True when the image has no littlefs superblock in blocks 0 and 1."""
    with open(path, "rb") as image:
        for block in range(2):
            image.seek(block * BLOCK_BYTES + 8)
            if image.read(8) == b"littlefs":
                return False
    return True
