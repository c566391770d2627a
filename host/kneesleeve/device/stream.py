"""Long reads: two READs are on the way at a time, so that the line never idles and no more comes than was asked for.

The device answers in order. So a READ acknowledges the one before it, and a frame of a later answer tells that the
earlier ones are over, whatever was lost of them.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from kneecore import frames
from kneecore.frames import BASE_BAUD
from kneesleeve.device.answers import refusal
from kneesleeve.device.speed import Speed
from kneesleeve.device.transfer import BAD_LINE, Pieces
from kneesleeve.errors import LinkError, ProtocolError
from kneesleeve.link.codec import Frame
from kneesleeve.link.serial_link import FrameLink

DEPTH = 2  # READs on the way: 2 frames of at most 43 bytes, within the 128 that an ESP32's UART takes
AHEAD = 8  # windows that are kept while an earlier one still has a hole
MASK = 0x78  # on recorded sessions 1.4 % of the bytes must then be escaped, not 5 %
_TRIES = 4  # windows without a new byte before a line counts as too bad
_SILENCES = 2
_SLOWEST = 1000  # bytes a second, and half a minute more: what comes slower never ends
_GRACE_S = 30.0
_LOSSES = 4 * 4096  # lost bytes before the rate is looked at

_UNMASK = bytes(byte ^ MASK for byte in range(256))


@dataclass
class _Read:
    """One READ on its way: bytes lo … hi of the session, and what has come of them."""

    sequence: int
    lo: int
    hi: int
    pieces: Pieces


class Stream:
    """Iterate it for bytes start … end of a session, in order, in pieces of any size; fewer if the session is shorter.

    masked: the device masks content on request (protocol revision 1). Only what is lost or damaged is asked for again.
    Raises LinkError when the device is gone, silent or too slow, DeviceError when it refuses.
    """

    def __init__(self, link: FrameLink, session_id: int, start: int, end: int, *, masked: bool, speed: Speed) -> None:
        self._link, self._speed = link, speed
        self._session_id, self._masked = session_id, masked
        self._done, self._next, self._end = start, start, end  # handed on; asked for; all
        self._on_way: deque[_Read] = deque()
        self._again: list[tuple[int, int]] = []  # holes to be asked for
        self._ready: dict[int, bytes] = {}
        self._idle = self._silences = 0  # in a row, that brought nothing
        self._lost = self._came = 0
        self._end_s = time.monotonic() + _GRACE_S + (end - start) / _SLOWEST

    def __iter__(self) -> Iterator[bytes]:
        while self._done < self._end:
            self._ask()
            frame = self._link.next_frame([read.sequence for read in self._on_way], self._link.timeout_s)
            if frame:
                self._take(frame)
            else:
                self._silence()
            if self._lost > self._came + _LOSSES:  # half the rate would bring more
                self._fall()
            while self._done in self._ready:
                data = self._ready.pop(self._done)
                self._done += len(data)
                yield data
            if time.monotonic() > self._end_s:
                raise LinkError(f"{self._link.port} sends too slowly.", hint="Try another cable or port.")

    def _ask(self) -> None:
        while len(self._on_way) < DEPTH:
            window = 4096 * max(1, self._link.baud // 230_400)
            if self._again:
                lo, hi = self._again.pop(0)
            elif self._next < self._end and self._next - self._done < AHEAD * window:
                lo, hi = self._next, min(self._next + window, self._end)
                self._next = hi
            else:
                return
            payload = struct.pack("<III", self._session_id, lo, hi - lo) + bytes((MASK,) if self._masked else ())
            self._on_way.append(_Read(self._link.send(frames.READ, payload), lo, hi, Pieces(hi - lo)))

    def _take(self, frame: Frame) -> None:
        while self._on_way[0].sequence != frame.sequence:
            self._over(self._on_way.popleft())
        read = self._on_way[0]
        if frame.kind == frames.DATA and len(frame.payload) >= 4:
            content = frame.payload[4:].translate(_UNMASK) if self._masked else frame.payload[4:]
            read.pieces.add(int.from_bytes(frame.payload[:4], "little"), content)
        elif frame.kind == frames.END and len(frame.payload) == 8:
            self._on_way.popleft()
            self._ended(read, *struct.unpack("<II", frame.payload))
        elif frame.kind == frames.ERROR:
            raise refusal(frame.payload)
        else:
            raise ProtocolError(f"{self._link.port} answered with frame 0x{frame.kind:02x}.", hint="Try again.")

    def _ended(self, read: _Read, total: int, crc: int) -> None:
        if total > read.hi - read.lo:
            raise ProtocolError("The sleeve sent more than it was asked for.", hint="Update its firmware.")
        if total < read.hi - read.lo:  # the session is shorter than thought
            self._end = min(self._end, read.lo + total)
            read.hi = read.lo + total
            read.pieces.shorten(total)
        content = read.pieces.joined()
        if content is not None and zlib.crc32(content) != crc:
            read.pieces.drop(0, total)
        self._over(read)

    def _over(self, read: _Read) -> None:
        """No more comes of this answer."""
        came, lost = self._keep(read)
        self._came, self._lost = self._came + came, self._lost + lost
        self._idle = 0 if came or not lost else self._idle + 1
        if self._idle > _TRIES * DEPTH:
            raise ProtocolError(f"Data from {self._link.port} keeps arriving damaged.", hint=BAD_LINE)

    def _keep(self, read: _Read) -> tuple[int, int]:
        """Take what came, note the holes to be asked for again; returns the bytes of both."""
        came = 0
        for at, data in read.pieces.runs():
            self._ready[read.lo + at] = data
            came += len(data)
        holes = [(read.lo + lo, read.lo + hi) for lo, hi in read.pieces.holes()]
        self._again = sorted([*holes, *self._again])
        self._link.stats.retries += len(holes)
        return came, sum(hi - lo for lo, hi in holes)

    def _silence(self) -> None:
        """Nothing of all that was asked for comes any more."""
        nothing = not any([self._keep(self._on_way.popleft())[0] for _ in range(len(self._on_way))])
        self._silences = self._silences + 1 if nothing else 0
        if self._silences > _SILENCES:
            raise self._link.silent(f"{self._link.port} fell silent in the middle of an answer")
        self._fall()

    def _fall(self) -> None:
        """Go on at a lower rate, if there is one; answers that are on their way are lost with it."""
        self._lost = self._came = 0
        if self._link.baud != BASE_BAUD:
            while self._on_way:
                self._keep(self._on_way.popleft())
            self._speed.fall()
