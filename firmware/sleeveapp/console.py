"""Answers a host's frames on the serial port (docs/protocol.md). Polled, never blocking; a run is not disturbed."""

import json
import select
import struct
import sys
from binascii import crc32

import micropython
from micropython import const

from kneecore import faults
from kneecore.frames import (
    CONFIG_COMMIT,
    DATA,
    END,
    ERASE,
    ERROR,
    HEAD,
    INFO,
    LIST,
    MAX_TO_DEVICE,
    MAX_TO_HOST,
    PING,
    PONG,
    PROTOCOL,
    RATE,
    RATES,
    READ,
    REVISION,
    SCHEMA,
    SPEED,
    TIME,
    VERIFIED,
    FrameReader,
    FrameWriter,
)
from kneecore.ring_header import BLOCK

from . import BUILD, states
from .unload import unload

_CHUNK = const(512)
_MOST = const(65536)
_BYTES_A_POLL = const(160)
_AT_REST = (INFO, LIST, READ, VERIFIED, ERASE, TIME, SPEED)


class Console:
    """`poll` once a loop. `state` is what PONG tells; `info` is a function that returns INFO's content."""

    def __init__(self, info, store, wall, config, line):
        self._info, self._store, self._wall, self._config, self._line = info, store, wall, config, line
        self._config_requests = None
        self.state = states.BOOT
        self._in = sys.stdin.buffer
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._byte = bytearray(1)
        self._reader = FrameReader(MAX_TO_DEVICE)
        self._writer = FrameWriter(MAX_TO_HOST)
        self._pong = struct.pack("<BBBBI", PROTOCOL, 0, REVISION, 0, int(config.schema or "0", 16)) + BUILD.encode()

    def poll(self):
        """Take what has come in and answer whole requests; True if there was one."""
        answered = False
        self._line.watch()
        for _ in range(_BYTES_A_POLL):
            if not self._waiting():
                break
            self._in.readinto(self._byte)
            if self._reader.feed(self._byte[0]):
                self._line.heard()
                self._answer()
                self._line.heard()  # a long answer is no silence
                answered = True
        return answered

    def _waiting(self):
        for _ in self._poll.ipoll(0):
            return True
        return False

    def _send(self, kind, n):
        """Send the n payload bytes in the writer's body."""
        self._line.write(self._writer.wire, self._writer.build(kind, self._reader.sequence, n))

    def _send_long(self, kind, n):
        """The same at rest, quicker."""
        self._line.write(self._writer.wire, self._writer.build_long(kind, self._reader.sequence, n))

    def _answer(self):
        kind = self._reader.kind
        if kind == PING:
            self._send_pong()
        elif kind not in _AT_REST and not SCHEMA <= kind <= CONFIG_COMMIT:
            self._error(faults.BAD_REQUEST)
        elif self.state != states.IDLE:
            self._error(faults.BUSY)
        else:
            self._answer_at_rest(kind)

    def _answer_at_rest(self, kind):
        """Storage may fail, memory may be short: the host hears of it, the app goes on."""
        try:
            if kind == READ:
                self._read()
            elif kind == SPEED:
                self._speed()
            elif kind == INFO:
                self._send_bytes(json.dumps(self._info()).encode())
            elif kind == LIST:
                self._send_bytes(json.dumps(self._store.sessions()).encode())
            elif SCHEMA <= kind <= CONFIG_COMMIT:
                self._configure(kind)
            else:
                self._do(kind)
        except (OSError, MemoryError):
            self._error(faults.STORAGE_ERROR)

    def _configure(self, kind):
        if not self._config_requests:
            self._config_requests = load_configuring()(self, self._config)
        self._config_requests.answer(kind)

    def forget(self):
        """A run begins: the code and the buffer of configuring leave the heap to it."""
        self._config_requests = None
        forget_configuring()

    def _send_pong(self):
        body, pong = self._writer.body, self._pong
        for i in range(len(pong)):
            body[HEAD + i] = pong[i]
        body[HEAD + 1] = self.state
        self._send(PONG, len(pong))

    def _error(self, code):
        self._writer.body[HEAD] = code
        self._send(ERROR, 1)

    def _do(self, kind):
        """A request that is answered with an empty END once it is done."""
        fault = faults.BAD_REQUEST
        body, n = self._reader.body, self._reader.length
        if kind == VERIFIED and n == 4:
            fault = faults.NONE if self._store.verified(struct.unpack_from("<I", body, HEAD)[0]) else faults.NOT_FOUND
        elif kind == ERASE and n == 5:
            done = self._store.erase(*struct.unpack_from("<IB", body, HEAD))
            fault = faults.NOT_FOUND if done is None else faults.NONE if done else faults.NOT_VERIFIED
        elif kind == TIME and n == 8:
            self._wall.set(struct.unpack_from("<q", body, HEAD)[0])
            fault = faults.NONE
        if fault:
            self._error(fault)
        else:
            _Answer(self).end()

    def _send_bytes(self, data):
        """An answer that is in memory, as DATA ... END."""
        sender = _Answer(self)
        for at in range(0, len(data), _CHUNK):
            sender.send(memoryview(data)[at : at + _CHUNK])
        sender.end()

    def _speed(self):
        """Tell the rate that holds from the next byte on (0: this port has none), then take it."""
        rate = struct.unpack_from("<I", self._reader.body, HEAD)[0] if self._reader.length == 4 else 0
        if rate not in RATES:
            self._error(faults.BAD_REQUEST)
            return
        if not self._line.rate:
            rate = 0
        struct.pack_into("<I", self._writer.body, HEAD, rate)
        self._send(RATE, 4)
        self._line.switch(rate)

    def _read(self):
        n, body = self._reader.length, self._reader.body
        if not 12 <= n <= 13:
            self._error(faults.BAD_REQUEST)
            return
        session_id, offset, length = struct.unpack_from("<III", body, HEAD)
        found = self._store.find(session_id)
        if found is None:
            self._error(faults.NOT_FOUND)
        elif length > _MOST or offset > found[1]:
            self._error(faults.BAD_REQUEST)
        else:
            self._stream(found[0], offset, min(length, found[1] - offset), body[HEAD + 12] if n == 13 else 0)

    def _stream(self, start, offset, length, key):
        sender = _Answer(self)
        while length > 0:
            n = min(_CHUNK, length, BLOCK - offset % BLOCK)
            self._store.read(start, offset, sender.room(n))
            sender.sent(n, key)
            offset += n
            length -= n
        sender.end()


def load_configuring():
    """The class that answers; its code is in the heap only from its first use to the next run."""
    from .console_config import ConfigRequests

    return ConfigRequests


def forget_configuring():
    """Take that code out of the heap, and what only it needs."""
    unload("sleeveapp.console_config", "sleeveapp.config_file", "kneecore.fit", "kneecore.params")


@micropython.viper
def _mask(buf: ptr32, at: int, end: int, key: int):  # noqa: F821  viper's own
    """Words at ... end of buf xor four times the byte key. What stands behind the content is hit too: its check comes after."""
    key = key | key << 8
    key = key | key << 16
    while at < end:
        buf[at] = buf[at] ^ key
        at += 1


class _Answer:
    """Numbers the chunks of one answer and keeps their CRC. Content is put into the frame where it will leave from."""

    def __init__(self, console):
        self._console = console
        self._body = memoryview(console._writer.body)
        self._total = 0
        self._crc = 0

    def room(self, n):
        """Where the next n bytes of content go."""
        return self._body[HEAD + 4 : HEAD + 4 + n]

    def sent(self, n, key=0):
        """Send what was put there, each byte of it xor key."""
        body = self._console._writer.body
        struct.pack_into("<I", body, HEAD, self._total)
        self._total += n
        self._crc = crc32(self.room(n), self._crc)
        if key:
            _mask(body, (HEAD + 4) // 4, (HEAD + 4 + n + 3) // 4, key)
        self._console._send_long(DATA, 4 + n)

    def send(self, chunk):
        self.room(len(chunk))[:] = chunk
        self.sent(len(chunk))

    def end(self):
        struct.pack_into("<II", self._console._writer.body, HEAD, self._total, self._crc)
        self._console._send(END, 8)
