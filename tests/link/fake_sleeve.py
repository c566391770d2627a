"""A sleeve in Python behind a PTY: answers frames like the firmware, and misbehaves on demand."""

from __future__ import annotations

import json
import os
import pty
import select
import struct
import threading
import time
import tty
import zlib
from dataclasses import dataclass, field

from kneecore import frames
from kneecore.fault_table import BAD_REQUEST, BUSY, NOT_FOUND, NOT_VERIFIED
from kneecore.frames import HEAD, FrameReader, FrameWriter

CHUNK = 512


@dataclass
class Manners:
    """How this sleeve behaves. Byte counts are of what it sends; each fault happens once."""

    protocol: int = frames.PROTOCOL
    revision: int = frames.REVISION  # 0: knows neither SPEED nor masks
    state: int = 1
    silent: bool = False
    deaf_requests: int = 0  # requests it does not hear
    corrupt_at: list[int] = field(default_factory=list)  # flip a bit of these bytes
    drop_at: list[int] = field(default_factory=list)  # these bytes never arrive
    unplug_after: int | None = None
    hang_after: int | None = None  # goes silent then, for the answer in flight
    text: bytes = b""  # printed before every answer
    echo: bool = False
    break_end: bool = False  # its END never carries the right CRC
    stale: bool = False  # sends frames of an older request first


class FakeSleeve(threading.Thread):
    """Context manager; `port` is the PTY's path.

    sessions: id to file. sent: bytes so far. verified: ids that were marked. requests: what came, (kind, payload) each.
    """

    def __init__(self, sessions: dict[int, bytes] | None = None, manners: Manners | None = None) -> None:
        super().__init__(daemon=True)
        self.sessions = sessions or {}
        self.manners = manners or Manners()
        self.requests: list[tuple[int, bytes]] = []
        self.sent = 0
        self.verified: set[int] = set()
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._reader = FrameReader(frames.MAX_TO_DEVICE)
        self._writer = FrameWriter(frames.MAX_TO_HOST)
        self._over = False
        self._hung = False

    def __enter__(self) -> FakeSleeve:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self.join(timeout=5)
        self.unplug()

    def unplug(self) -> None:
        """Pull the cable."""
        self._over = True
        for fd in (self._master, self._slave):
            if fd >= 0:
                os.close(fd)
        self._master = self._slave = -1

    def run(self) -> None:
        while not self._over:
            try:  # the master may be closed at any time: that is the cable being pulled
                if not select.select([self._master], [], [], 0.01)[0]:
                    continue
                data = os.read(self._master, 4096)
            except (OSError, ValueError):
                continue
            if self.manners.echo:
                self._put(data)
            for byte in data:
                if self._reader.feed(byte):
                    self._hear()

    def _hear(self) -> None:
        r, m = self._reader, self.manners
        payload = bytes(r.body[HEAD : HEAD + r.length])
        self.requests.append((r.kind, payload))
        if m.silent or m.deaf_requests > 0:
            m.deaf_requests -= 1
            return
        self._hung = False
        self._put(m.text)
        if m.stale:
            self._send(frames.DATA, struct.pack("<I", 0) + b"stale", r.sequence - 1)
        self._answer(r.kind, payload)

    def _answer(self, kind: int, payload: bytes) -> None:
        m = self.manners
        if kind == frames.PING:
            head = bytes((m.protocol, m.state, m.revision, 0))
            self._send(frames.PONG, head + (bytes(4) if m.revision else b"") + b"fake-1")
        elif m.state != 1:
            self._send(frames.ERROR, bytes((BUSY,)))
        elif kind == frames.INFO:
            self._send_bytes(
                json.dumps({"protocol": 1, "device": "ab12", "state": "idle", "battery_mv": 3900}).encode()
            )
        elif kind == frames.LIST:
            listed = [
                {"id": i, "bytes": len(d), "closed": True, "verified": i in self.verified}
                for i, d in self.sessions.items()
            ]
            self._send_bytes(json.dumps(listed).encode())
        elif kind == frames.READ:
            session_id, offset, length = struct.unpack("<III", payload[: None if m.revision == 0 else 12])
            if session_id not in self.sessions:
                self._send(frames.ERROR, bytes((NOT_FOUND,)))
            else:
                self._send_bytes(self.sessions[session_id][offset : offset + length], (payload[12:] or b"\0")[0])
        elif kind == frames.SPEED and m.revision:
            self._send(frames.RATE, bytes(4))  # like a board on native USB
        elif kind in (frames.VERIFIED, frames.ERASE, frames.TIME):
            self._do(kind, payload)
        else:
            self._send(frames.ERROR, bytes((BAD_REQUEST,)))

    def _do(self, kind: int, payload: bytes) -> None:
        number = 0 if kind == frames.TIME else struct.unpack_from("<I", payload)[0]
        if number and number not in self.sessions:
            self._send(frames.ERROR, bytes((NOT_FOUND,)))
        elif kind == frames.ERASE and number not in self.verified and not payload[4]:
            self._send(frames.ERROR, bytes((NOT_VERIFIED,)))
        else:
            if kind == frames.VERIFIED:
                self.verified.add(number)
            if kind == frames.ERASE:
                del self.sessions[number]
            self._send_bytes(b"")

    def _send_bytes(self, data: bytes, mask: int = 0) -> None:
        for at in range(0, len(data), CHUNK):
            content = bytes(b ^ mask for b in data[at : at + CHUNK]) if mask else data[at : at + CHUNK]
            self._send(frames.DATA, struct.pack("<I", at) + content)
        crc = zlib.crc32(data) ^ (1 if self.manners.break_end else 0)
        self._send(frames.END, struct.pack("<II", len(data), crc))

    def _send(self, kind: int, payload: bytes, sequence: int | None = None) -> None:
        w = self._writer
        w.body[HEAD : HEAD + len(payload)] = payload
        n = w.build(kind, self._reader.sequence if sequence is None else sequence & 255, len(payload))
        self._put(bytes(w.wire[:n]))

    def _put(self, data: bytes) -> None:
        m = self.manners
        if m.hang_after is not None and self.sent + len(data) > m.hang_after:
            m.hang_after, self._hung = None, True
        if self._hung or self._over:
            return
        start, out = self.sent, bytearray(data)
        self.sent += len(data)
        for at in [a for a in m.corrupt_at if start <= a < self.sent]:
            out[at - start] ^= 0x10
            m.corrupt_at.remove(at)
        for at in [a for a in m.drop_at if start <= a < self.sent]:
            del out[at - start]
            m.drop_at.remove(at)
        self._write(bytes(out))
        if m.unplug_after is not None and self.sent >= m.unplug_after:
            m.unplug_after = None
            time.sleep(0.05)  # let the client take what is on the way
            self.unplug()

    def _write(self, data: bytes) -> None:
        while data and not self._over:
            if select.select([], [self._master], [], 0.05)[1]:
                data = data[os.write(self._master, data) :]
