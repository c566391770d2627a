"""The state of a run as bytes: saved and restored by one text, so that the two cannot get out of step (docs/detector.md §11).

Every part has a method `state(c)` that passes each of its words through `c`: a `Saver` writes it and returns it, a `Loader`
returns what was written. Words are zigzag varints of -2^29 ... 2^29-1; columns go as differences from row to row.
Saving allocates nothing.
"""

from .compat import micropython, ptr8, ptr16, ptr32


class CutError(Exception):
    """A saved state ends too early."""


@micropython.viper
def _put(out: ptr8, at: int, v: int) -> int:
    """Write v at `at`; returns where the next goes."""
    z = v << 1
    if v < 0:
        z = -1 - z
    while z > 127:
        out[at] = (z & 127) | 128
        at += 1
        z >>= 7
    out[at] = z
    return at + 1


@micropython.viper
def _put_words(a: ptr32, n: int, out: ptr8, at: int, limit: int) -> int:
    """Write the first n words, signed and below 2^29, of an array; returns where the next goes, -1 if it is full."""
    for i in range(n):
        if at > limit:
            return -1
        v = ((a[i] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
        z = v << 1
        if v < 0:
            z = -1 - z
        while z > 127:
            out[at] = (z & 127) | 128
            at += 1
            z >>= 7
        out[at] = z
        at += 1
    return at


@micropython.viper
def _put32(a: ptr32, width: int, mask: int, column: int, first: int, end: int, out: ptr8, at: int, limit: int) -> int:
    """Write rows first ... end-1 of a column of a ring of words below 2^29; returns where the next goes, -1 if it is full."""
    before = 0
    for k in range(first, end):
        if at > limit:
            return -1
        v = a[(k & mask) * width + column]
        z = ((((v - before) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000) << 1
        before = v
        if z < 0:
            z = -1 - z
        while z > 127:
            out[at] = (z & 127) | 128
            at += 1
            z >>= 7
        out[at] = z
        at += 1
    return at


@micropython.viper
def _put16(a: ptr16, width: int, mask: int, column: int, first: int, end: int, out: ptr8, at: int, limit: int) -> int:
    """The same of a ring of 16-bit words."""
    before = 0
    for k in range(first, end):
        if at > limit:
            return -1
        v = a[(k & mask) * width + column]
        z = (v - before) << 1
        before = v
        if z < 0:
            z = -1 - z
        while z > 127:
            out[at] = (z & 127) | 128
            at += 1
            z >>= 7
        out[at] = z
        at += 1
    return at


def _length(source, at, end):
    """Bytes of the word at `at`, 1 ... 5; 0 if it does not end before `end`."""
    for n in range(1, 6):
        if at + n > end:
            return 0
        if source[at + n - 1] <= 127:
            return n
    return 5


def _get(source, at, n):
    """The word of n bytes at `at`; of a fifth byte two bits count."""
    z = source[at + n - 1] & (3 if n == 5 else 127)
    for i in range(n - 2, -1, -1):
        z = (z << 7) | (source[at + i] & 127)
    return -1 - (z >> 1) if z & 1 else z >> 1


class Saver:
    """After `begin`, writes into `buffer`; `at` bytes so far, -1 once it was too small. Allocates nothing."""

    def __init__(self):
        self._buffer = None
        self._limit = self.at = 0

    def begin(self, buffer, at, n):
        """Write into n bytes of this bytearray from `at` on."""
        self._buffer = buffer
        self._limit = at + n - 5
        self.at = at

    def word(self, v):
        """Write one word."""
        if self.at < 0 or self.at > self._limit:
            self.at = -1
        else:
            self.at = _put(self._buffer, self.at, v)
        return v

    def words(self, a, n):
        """Write the first n words of an array('i'), signed."""
        if self.at >= 0:
            self.at = _put_words(a, n, self._buffer, self.at, self._limit)

    def column32(self, a, width, mask, column, first, end):
        """Write rows first ... end-1 of one column of a ring (array('i') of words 0 ... 2^29-1)."""
        if self.at >= 0:
            self.at = _put32(a, width, mask, column, first, end, self._buffer, self.at, self._limit)

    def column16(self, a, width, mask, column, first, end):
        """The same of an array('H')."""
        if self.at >= 0:
            self.at = _put16(a, width, mask, column, first, end, self._buffer, self.at, self._limit)


class Loader:
    """Reads the first n bytes of `buffer`."""

    def __init__(self, buffer, n):
        self._buffer, self._end = buffer, n
        self.at = 0

    def word(self, _):
        """Read one word; the argument only makes the two alike."""
        at = self.at
        n = _length(self._buffer, at, self._end)
        if not n:
            raise CutError
        self.at = at + n
        return _get(self._buffer, at, n)

    def words(self, a, n):
        """Read the first n words of an array, signed."""
        for i in range(n):
            a[i] = self.word(0)

    def column32(self, a, width, mask, column, first, end):
        """Read rows first ... end-1 of one column of a ring."""
        before = 0
        for k in range(first, end):
            before = (before + self.word(0)) & 0x1FFFFFFF
            a[(k & mask) * width + column] = before

    def column16(self, a, width, mask, column, first, end):
        """The same of an array('H')."""
        before = 0
        for k in range(first, end):
            before = (before + self.word(0)) & 0xFFFF
            a[(k & mask) * width + column] = before
