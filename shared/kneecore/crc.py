"""CRC-32 (the one of zlib and Ethernet), computed straight into a buffer: `binascii.crc32` returns a heap integer on 32 bit."""

from array import array

from .compat import micropython, ptr8, ptr32


def _table():
    out = array("I", bytearray(4 * 256))
    for n in range(256):
        c = n
        for _ in range(8):
            c = (c >> 1) ^ 0xEDB88320 if c & 1 else c >> 1
        out[n] = c
    return out


_TABLE = _table()


@micropython.viper
def _crc(buf: ptr8, start: int, end: int, out: ptr8, at: int, table: ptr32):
    """Write the CRC of buf[start:end] to out[at:at+4], little endian. Shifts are masked, so 32 and 64 bit agree."""
    c = -1
    while start < end:  # costs less than a range
        c = ((c >> 8) & 0x00FFFFFF) ^ table[(c ^ buf[start]) & 255]
        start += 1
    c = c ^ -1
    out[at] = c & 255
    out[at + 1] = (c >> 8) & 255
    out[at + 2] = (c >> 16) & 255
    out[at + 3] = (c >> 24) & 255


def put_crc(buf, start, end, out, at):
    """CRC-32 of buf[start:end] as four bytes into out[at:]; allocates nothing."""
    _crc(buf, start, end, out, at, _TABLE)


class Checker:
    """Compares a stored CRC with the computed one without allocating."""

    def __init__(self):
        self._crc = bytearray(4)

    def good(self, buf, start, end):
        """True if the four bytes at `end` are the CRC of buf[start:end]."""
        put_crc(buf, start, end, self._crc, 0)
        c = self._crc
        return c[0] == buf[end] and c[1] == buf[end + 1] and c[2] == buf[end + 2] and c[3] == buf[end + 3]
