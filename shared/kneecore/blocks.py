"""The session's blocks and records, writing side (docs/format.md). Everything goes through one buffer made at start."""

import struct

from .compat import const, micropython, ptr8
from .crc import put_crc

BLOCK = const(4096)  # a flash erase unit
HEADER = const(24)
MAGIC = b"KSLV"
VERSION = const(1)
SYNC = const(0xA5)
RECORD_HEADER = const(8)
RECORD_CRC = const(4)

META, CALIBRATION, RAW, STRIDE, EVENT, DROPOUT, CLOSE = range(1, 8)
TYPE_NAMES = ("", "META", "CALIBRATION", "RAW", "STRIDE", "EVENT", "DROPOUT", "CLOSE")

# EVENT codes; the argument's meaning is in docs/format.md
E_STATE, E_BUTTON, E_MOTOR_ON, E_MOTOR_OFF, E_FAULT, E_STOOD, E_ACCEPTED, E_REFUSED, E_BUZZ = range(1, 10)
E_LEVEL, E_STALL, E_WINDOW, E_REFRESHED, E_BEAT = range(10, 15)
EVENT_NAMES = (
    "", "state", "button", "motor_on", "motor_off", "fault", "stood", "accepted", "refused", "buzz",
    "level", "stall", "window", "refreshed", "beat",
)  # fmt: skip

# DROPOUT causes and CLOSE reasons
LOST_FIFO, LOST_BUS, LOST_STORAGE = range(1, 4)
CLOSED_BUTTON, CLOSED_INTERRUPT, CLOSED_FAULT, CLOSED_FULL = range(1, 5)


@micropython.viper
def _copy(dst: ptr8, at: int, src: ptr8, n: int):
    for i in range(n):
        dst[at + i] = src[i]


@micropython.viper
def _fill(dst: ptr8, start: int, end: int):
    for i in range(start, end):
        dst[i] = 255


class BlockWriter:
    """Packs records into blocks and hands each full block to `sink(block)` (a bytearray of 4096 bytes that is reused)."""

    def __init__(self, session_id, sink):
        self._sink = sink
        self._session_id = session_id
        self._block = bytearray(BLOCK)
        self._number = 0
        self._sequence = 0
        self._at = 0
        self._start = self._end = 0

    def _open_block(self):
        struct.pack_into("<4sBBBBIII", self._block, 0, MAGIC, VERSION, 0, 0, HEADER, self._session_id, self._number, 0)
        put_crc(self._block, 0, HEADER - 4, self._block, HEADER - 4)
        self._at = HEADER

    def begin(self, kind, n):
        """Open a record of n payload bytes: write them into `buffer` at the returned offset, then `commit`."""
        if n > BLOCK - HEADER - RECORD_HEADER - RECORD_CRC - 4:
            raise ValueError("record too long")
        room = RECORD_HEADER + ((n + 3) & ~3) + RECORD_CRC
        if self._at + room > BLOCK:
            self.flush()
        if not self._at:
            self._open_block()
        b, at = self._block, self._at
        struct.pack_into("<BBHI", b, at, SYNC, kind, n, self._sequence)
        self._start, self._end = at, at + room - RECORD_CRC
        return at + RECORD_HEADER

    @property
    def buffer(self):
        """The block being filled."""
        return self._block

    def put(self, at, source, n):
        """Copy n bytes of `source` to offset `at` of the block."""
        _copy(self._block, at, source, n)

    def commit(self):
        """Close the record: its CRC makes it readable."""
        put_crc(self._block, self._start, self._end, self._block, self._end)
        self._at = self._end + RECORD_CRC
        self._sequence = (self._sequence + 1) & 0x3FFFFFFF

    def record(self, kind, payload):
        """A whole record from bytes."""
        at = self.begin(kind, len(payload))
        self.put(at, payload, len(payload))
        self.commit()

    def flush(self):
        """Hand over the block if it holds a record; `begin` opens the next.

        A Ctrl-C may come at any step, most likely while the sink writes. Then the block stays, and the next flush hands over
        the same block with the same number; what an interrupted record left behind in it is wiped.
        """
        if self._at > HEADER:
            _fill(self._block, self._at, BLOCK)
            self._sink(self._block)
            self._number += 1
            self._at = 0
