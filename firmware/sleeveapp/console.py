"""Answers a host's frames on the serial port (docs/protocol.md). Polled, never blocking; a run is not disturbed."""

import json
import select
import struct
import sys

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
    READ,
    SCHEMA,
    TIME,
    VERIFIED,
    FrameReader,
    FrameWriter,
)
from kneecore.ring_header import BLOCK

from . import BUILD, states

_CHUNK = const(508)
_MOST = const(65536)
_BYTES_A_POLL = const(160)
_SHORT = const(48)  # bytes on the wire: PONG and ERROR are shorter
_AT_REST = (INFO, LIST, READ, VERIFIED, ERASE, TIME)


class Console:
    """`poll` once a loop. `state` is what PONG tells; `info` is a function that returns INFO's content."""

    def __init__(self, info, store, wall, config):
        self._info, self._store, self._wall, self._config = info, store, wall, config
        self._config_requests = None
        self.state = states.BOOT
        self._in, self._out = sys.stdin.buffer, sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._byte = bytearray(1)
        self._reader = FrameReader(MAX_TO_DEVICE)
        self._writer = FrameWriter(MAX_TO_HOST)
        self._pong = b"\x01\x00\x00\x00" + BUILD.encode()
        self._wire = memoryview(self._writer.wire)
        self._short = [self._wire[:n] for n in range(_SHORT)]  # made once: answers in a run allocate nothing

    def poll(self):
        """Take what has come in and answer whole requests."""
        for _ in range(_BYTES_A_POLL):
            if not self._waiting():
                return
            self._in.readinto(self._byte)
            if self._reader.feed(self._byte[0]):
                self._answer()

    def _waiting(self):
        for _ in self._poll.ipoll(0):
            return True
        return False

    def _send(self, kind, n):
        """Send the n payload bytes in the writer's body."""
        n = self._writer.build(kind, self._reader.sequence, n)
        self._out.write(self._short[n] if n < _SHORT else self._wire[:n])

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
        body[HEAD] = PROTOCOL
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

    def _read(self):
        if self._reader.length != 12:
            self._error(faults.BAD_REQUEST)
            return
        session_id, offset, length = struct.unpack_from("<III", self._reader.body, HEAD)
        found = self._store.find(session_id)
        if found is None:
            self._error(faults.NOT_FOUND)
        elif length > _MOST or offset > found[1]:
            self._error(faults.BAD_REQUEST)
        else:
            self._stream(found[0], offset, min(length, found[1] - offset))

    def _stream(self, start, offset, length):
        sender = _Answer(self)
        chunk = memoryview(bytearray(_CHUNK))
        while length > 0:
            n = min(_CHUNK, length, BLOCK - offset % BLOCK)
            self._store.read(start, offset, chunk[:n])
            sender.send(chunk[:n])
            offset += n
            length -= n
        sender.end()


def load_configuring():
    """The class that answers; its code is in the heap only from its first use to the next run."""
    from .console_config import ConfigRequests

    return ConfigRequests


def forget_configuring():
    """Take that code out of the heap."""
    for name in ("console_config", "config_file"):
        if sys.modules.pop("sleeveapp." + name, None):
            delattr(sys.modules["sleeveapp"], name)


class _Answer:
    """Numbers the chunks of one answer and keeps their CRC."""

    def __init__(self, console):
        import binascii

        self._crc32 = binascii.crc32
        self._console = console
        self._total = 0
        self._crc = 0

    def send(self, chunk):
        body = self._console._writer.body
        struct.pack_into("<I", body, HEAD, self._total)
        body[HEAD + 4 : HEAD + 4 + len(chunk)] = chunk
        self._total += len(chunk)
        self._crc = self._crc32(chunk, self._crc)
        self._console._send(DATA, 4 + len(chunk))

    def end(self):
        struct.pack_into("<II", self._console._writer.body, HEAD, self._total, self._crc)
        self._console._send(END, 8)
