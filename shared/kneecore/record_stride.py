"""A stride as a string of bits (docs/format.md "STRIDE, packed"): small relative numbers, with an escape for the rest.

Range proof: values are within -2^30 ... 2^30-1. A difference is formed only where the halves of its parts lie less than
2^24 apart, so it is within +-(2^25 + 1) and its zigzag below 2^27; the escape goes out as two halves of 16 bits.
"""

from array import array

from .compat import const, micropython, ptr8, ptr32

MOST_BITS = const(24)
_ESCAPE_BITS = const(32)


@micropython.viper
def _pack(values: ptr32, table: ptr32, count: int, out: ptr8, at: int) -> int:
    """Bytes written. table: per field its bits, its all-ones pattern, 1 + the index of the field it is relative to or 0."""
    bit = 1
    start = at
    out[at] = 0
    for f in range(count):
        # negative words are masked before anything else looks at them: a ptr32 load of one differs between 32 and 64 bit
        u = values[f]
        low = u & 0xFFFF
        high = (u >> 16) & 0xFFFF
        v = ((high ^ 0x8000) - 0x8000) * 0x10000 + low
        bits = table[3 * f]
        ones = table[3 * f + 1]
        base = table[3 * f + 2]
        r = 0
        if base:
            u = values[base - 1]
            r = ((((u >> 16) & 0xFFFF) ^ 0x8000) - 0x8000) * 0x10000 + (u & 0xFFFF)
            if r == -0x20000000:
                r = 0
        apart = (v >> 1) - (r >> 1)
        z = ones
        if v != -0x20000000 and apart < 0x1000000 and apart > -0x1000000:
            d = v - r
            z = d + d
            if d < 0:
                z = -1 - z
            if z > ones:
                z = ones
        pieces = 1
        if z == ones:
            pieces = 3
        for piece in range(pieces):
            if piece == 1:
                z = low
                bits = 16
            if piece == 2:
                z = high
            for _ in range(bits):
                if bit == 256:
                    bit = 1
                    at += 1
                    out[at] = 0
                if z & 1:
                    out[at] = out[at] | bit
                bit = bit << 1
                z = z >> 1
    return at + 1 - start


class StridePacker:
    """Packs strides by a field table, rows of (name, unit, bits, relative): relative is an earlier field's name or None.

    `most` is the longest payload in bytes. Raises ValueError for a table that cannot be packed.
    """

    def __init__(self, fields):
        names = [row[0] for row in fields]
        self.count = len(fields)
        self._table = array("i", bytearray(12 * self.count))
        bits = 0
        for i, (name, _, width, relative) in enumerate(fields):
            if not 1 <= width <= MOST_BITS or (relative is not None and relative not in names[:i]):
                raise ValueError("cannot pack " + name)
            self._table[3 * i] = width
            self._table[3 * i + 1] = (1 << width) - 1
            self._table[3 * i + 2] = 0 if relative is None else 1 + names.index(relative)
            bits += width + _ESCAPE_BITS
        self.most = (bits + 7) // 8

    def pack(self, values, out, at):
        """values: array('i') or a memoryview of one, in the table's order, NULL where there is none. Writes at out[at:]; returns the number of bytes.

        out must have room for `most` bytes; nothing is allocated.
        """
        return _pack(values, self._table, self.count, out, at)
