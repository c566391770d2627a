"""The header of a block (docs/format.md "Block"): building it, reading it back, its status bits."""

from .compat import const
from .crc import Checker, put_crc
from .records import put_u32

BLOCK = const(4096)  # a flash erase unit
HEADER = const(36)
OPENING = const(32)  # bytes programmed when a block is opened; the status behind them is programmed later
STATUS_AT = const(32)
VERSION = const(2)
CLOSED, INTERRUPTED, VERIFIED, GIVEN_UP = 1, 2, 4, 8  # flags; on the flash 0 = set
FREE_TO_ERASE = const(12)  # VERIFIED | GIVEN_UP

_MAGIC = b"KSLV"
_CRC_AT = const(28)


def template(device_id):
    """A header (bytearray of 36) with all that stays the same on this device; device_id: bytes."""
    b = bytearray(b"\xff" * HEADER)
    b[:8] = _MAGIC + bytes((VERSION, 0, 0, HEADER))
    put_crc(device_id, 0, len(device_id), b, 24)
    return b


def fill(header, session, number, write_count, sequence):
    """Make a template the header of one block; allocates nothing for figures below 2^30."""
    put_u32(header, 8, session)
    put_u32(header, 12, number)
    put_u32(header, 16, write_count)
    put_u32(header, 20, sequence)
    put_crc(header, 0, _CRC_AT, header, _CRC_AT)


class Header:
    """One header as found on the flash, reused for the next. For boot and rest: it allocates."""

    def __init__(self):
        self._b = bytearray(HEADER)
        self._check = Checker()
        self.reads = 0
        self.session = self.number = self.write_count = self.sequence = 0
        self.status = 0xFF  # the status byte as it stands on the flash

    @property
    def flags(self):
        """CLOSED, INTERRUPTED, VERIFIED, GIVEN_UP as far as set."""
        return ~self.status & 15

    def look(self, dev, place):
        """Read the header of the block at `place`; False if none is readable there.

        A header of a later version counts: what stands there is not ours to erase. One that looks damaged is read
        twice: a disturbed read must not cost a session.
        """
        for _ in range(2):
            dev.read(place, 0, self._b)
            self.reads += 1
            if self._b[:4] != _MAGIC:
                return False
            if self._check.good(self._b, 0, _CRC_AT):
                self._take()
                return self.write_count % dev.count == place
        return False

    def find(self, dev, write_count):
        """Read the header of the block with this write count; False if its place holds another or none."""
        return write_count >= 0 and self.look(dev, write_count % dev.count) and self.write_count == write_count

    def _take(self):
        self.session = self._u32(8)
        self.number = self._u32(12)
        self.write_count = self._u32(16)
        self.sequence = self._u32(20)
        self.status = self._b[STATUS_AT]

    def _u32(self, at):
        b = self._b
        return b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)
