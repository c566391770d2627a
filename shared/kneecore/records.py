"""Records of format 2 (docs/format.md "Record"): types, codes, and how a record is sealed in a buffer made before.

A record is 8 bytes of header, the payload padded with 0xFF to a multiple of 4, and a CRC-32.
"""

from .compat import const, micropython, ptr8
from .crc import put_crc

SYNC = const(0xA5)
RECORD_HEADER = const(8)
RECORD_CRC = const(4)
MOST = const(1024)  # payload bytes
MOST_RAW = const(1764)  # of a RAW that holds a single batch, which cannot be split
MOST_META = const(3984)  # of META and STATE
SEQUENCE_MASK = const(0xFFFFFF)

META, CALIBRATION, RAW, STRIDE, EVENT, DROPOUT, CLOSE, STATE, TIME = range(1, 10)
TYPE_NAMES = ("", "META", "CALIBRATION", "RAW", "STRIDE", "EVENT", "DROPOUT", "CLOSE", "STATE", "TIME")

# EVENT codes; the argument's meaning is in docs/format.md
(
    E_STATE, E_BUTTON, E_MOTOR_ON, E_MOTOR_OFF, E_FAULT, E_STOOD, E_ACCEPTED, E_REFUSED, E_BUZZ,
    E_LEVEL, E_STORAGE, E_WINDOW, E_REFRESHED, E_BEAT,
) = range(1, 15)  # fmt: skip
EVENT_NAMES = (
    "", "state", "button", "motor_on", "motor_off", "fault", "stood", "accepted", "refused", "buzz",
    "level", "storage", "window", "refreshed", "beat",
)  # fmt: skip

# DROPOUT causes, CLOSE reasons, recording levels
LOST_FIFO, LOST_BUS, LOST_RAM, LOST_STORAGE = range(1, 5)
CLOSED_BUTTON, CLOSED_INTERRUPT, CLOSED_FAULT, CLOSED_FULL = range(1, 5)
LEVEL_STRIDES, LEVEL_WINDOWS, LEVEL_RAW = range(3)
LEVEL_NAMES = ("strides", "windows", "raw")

BOTH_CHIPS = const(2)


@micropython.viper
def _crc8(buf: ptr8, start: int, n: int) -> int:
    """CRC-8, polynomial 0x07, start 0."""
    c = 0
    for i in range(n):
        c = c ^ buf[start + i]
        for _ in range(8):
            if c & 0x80:
                c = ((c << 1) ^ 0x07) & 0xFF
            else:
                c = c << 1
    return c


@micropython.viper
def _head(buf: ptr8, at: int, kind: int, n: int, sequence: int):
    buf[at] = 0xA5
    buf[at + 1] = kind
    buf[at + 2] = n & 255
    buf[at + 3] = n >> 8
    buf[at + 4] = sequence & 255
    buf[at + 5] = (sequence >> 8) & 255
    buf[at + 6] = (sequence >> 16) & 255
    end = at + 8 + n
    for i in range((4 - (n & 3)) & 3):
        buf[end + i] = 255


@micropython.viper
def put_u32(buf: ptr8, at: int, v: int):
    """v, a small integer, as four bytes (two's complement) at buf[at:]."""
    buf[at] = v & 255
    buf[at + 1] = (v >> 8) & 255
    buf[at + 2] = (v >> 16) & 255
    buf[at + 3] = (v >> 24) & 255


@micropython.viper
def copy_bytes(dst: ptr8, at: int, src: ptr8, start: int, n: int):
    """dst[at:at+n] = src[start:start+n]; both hold bytes."""
    for i in range(n):
        dst[at + i] = src[start + i]


def put_event(buf, at, batch, code, argument):
    """The payload of an EVENT at buf[at:]."""
    put_u32(buf, at, batch)
    put_u32(buf, at + 4, code)
    put_u32(buf, at + 8, argument)


def crc8(buf, start, n):
    """The check of a record header: CRC-8 (polynomial 0x07, start 0) of buf[start:start+n]; allocates nothing."""
    return _crc8(buf, start, n)


def room(n):
    """Bytes that a record of n payload bytes takes."""
    return RECORD_HEADER + ((n + 3) & ~3) + RECORD_CRC


def seal(buf, at, kind, n, sequence):
    """Close the record at buf[at:] whose n payload bytes stand there already: header, padding and CRC-32."""
    _head(buf, at, kind, n, sequence)
    buf[at + 7] = _crc8(buf, at, 7)
    end = at + RECORD_HEADER + ((n + 3) & ~3)
    put_crc(buf, at, end, buf, end)


def size_at(buf, at):
    """Bytes of the record whose header stands at buf[at:], 0 if its header check fails."""
    if buf[at] != SYNC or buf[at + 7] != _crc8(buf, at, 7):
        return 0
    return room(buf[at + 2] | (buf[at + 3] << 8))


def most(kind):
    """The longest payload a record of this type may have."""
    if kind == META or kind == STATE:  # not "in": a tuple of these names would be made anew each time
        return MOST_META
    return MOST_RAW if kind == RAW else MOST
