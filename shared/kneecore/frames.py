"""Frames on the serial line (docs/protocol.md): 0xC0, then escaped: length u16, type u8, sequence u8, payload, CRC-32.

Escaped are 0x01-0x05, 0xC0 and 0xF5, as 0xF5, byte ^ 0x20: no control byte reaches a terminal's line discipline, and stray text cannot look like a frame.
"""

import struct
from binascii import crc32

from .compat import const, micropython, ptr8
from .crc import Checker, put_crc

SYNC = const(0xC0)
ESCAPE = const(0xF5)
HEAD = const(4)
CRC = const(4)
# payload; even with every byte escaped a frame stays within the 128 bytes that an ESP32 takes at once
MAX_TO_DEVICE = const(55)
MAX_TO_HOST = const(516)  # 4 of offset and 512 of content: eight DATA frames carry a block of flash
PROTOCOL = const(1)
REVISION = const(1)  # of the protocol: what was added to it without breaking it (docs/protocol.md)

PING, INFO, LIST, READ, VERIFIED, ERASE, TIME = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16
SPEED = 0x17
SCHEMA, CONFIG_READ, CONFIG_STAGE, CONFIG_COMMIT = 0x20, 0x21, 0x22, 0x23
PONG, DATA, END, ERROR = 0x90, 0x91, 0x92, 0x93
RATE = 0x97

BASE_BAUD = const(115200)
RATES = (BASE_BAUD, 230400, 460800, 921600)
QUIET_MS = const(3000)  # without a frame for so long a device is back at BASE_BAUD


@micropython.viper
def _escape(src: ptr8, n: int, dst: ptr8) -> int:
    """Sync byte and escaped copy of src[:n] into dst; returns the length (at most 2n + 1)."""
    dst[0] = 0xC0
    at = 1
    i = 0
    while i < n:  # costs less than a range; the common byte takes three compares
        b = src[i]
        i += 1
        if b > 5:
            if b != 0xC0:
                if b != 0xF5:
                    dst[at] = b
                    at += 1
                    continue
        elif b == 0:
            dst[at] = b
            at += 1
            continue
        dst[at] = 0xF5
        dst[at + 1] = b ^ 0x20
        at += 2
    return at


class FrameWriter:
    """Builds frames in place: fill `body[HEAD:]`, call `build`, send `wire[:n]`."""

    def __init__(self, max_payload):
        self.body = bytearray(HEAD + max_payload + CRC)
        self.wire = bytearray(2 * len(self.body) + 1)

    def build(self, kind, sequence, n):
        """Frame of the n payload bytes in `body`; returns its length in `wire`."""
        b = self.body
        self._head(kind, sequence, n)
        put_crc(b, 0, HEAD + n, b, HEAD + n)
        return _escape(b, HEAD + n + CRC, self.wire)

    def build_long(self, kind, sequence, n):
        """The same frame, of many bytes, at a third less; it allocates, so not in a run."""
        b = self.body
        self._head(kind, sequence, n)
        struct.pack_into("<I", b, HEAD + n, crc32(memoryview(b)[: HEAD + n]))
        return _escape(b, HEAD + n + CRC, self.wire)

    def _head(self, kind, sequence, n):
        b = self.body
        b[0] = n & 255  # four of them in one assignment would make a tuple: an answer in a run allocates nothing
        b[1] = n >> 8
        b[2] = kind
        b[3] = sequence & 255


class FrameReader:
    """Finds frames in a byte stream, one byte at a time. What is not a frame is dropped and counted in `bad`."""

    def __init__(self, max_payload):
        self.body = bytearray(HEAD + max_payload + CRC)
        self.length = self.kind = self.sequence = 0
        self.bad = 0
        self._max = max_payload
        self._at = -1  # -1: waiting for a sync byte
        self._escaped = False
        self._check = Checker()

    def feed(self, byte):
        """Take one byte (0-255); True when it completed a good frame: `kind`, `sequence`, payload body[HEAD:HEAD+length]."""
        if byte == SYNC:
            if self._at > 0:
                self.bad += 1
            self._at, self._escaped = 0, False
            return False
        if self._at < 0:
            return False
        if byte == ESCAPE:
            self._escaped = True
            return False
        if self._escaped:
            byte, self._escaped = byte ^ 0x20, False
        self.body[self._at] = byte
        self._at += 1
        return self._at >= HEAD and self._complete()

    def _complete(self):
        b = self.body
        n = b[0] | (b[1] << 8)
        if n > self._max:
            return self._drop()
        if self._at < HEAD + n + CRC:
            return False
        if not self._check.good(b, 0, HEAD + n):
            return self._drop()
        self.length, self.kind, self.sequence = n, b[2], b[3]
        self._at = -1
        return True

    def _drop(self):
        self.bad += 1
        self._at = -1
        return False
