"""Puts the DATA frames of answers together and knows what is missing."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from kneecore import frames
from kneesleeve.device.answers import refusal
from kneesleeve.errors import ProtocolError
from kneesleeve.link.codec import Frame

MAX_WHOLE = 1 << 20  # bytes of an answer that comes as a whole (INFO, LIST)
BAD_LINE = "Use a shorter cable or another port; `sleeve pull` goes on where it stopped."
_IDLE_PIECES = 64  # pieces without a new byte that an answer may hold; an honest one has none


class Pieces:
    """`length` bytes that arrive in pieces, perhaps with holes; None while only an END will tell the length.

    A device that sends more than that, or the same for ever, is refused with a ProtocolError: what is kept is bounded.
    """

    def __init__(self, length: int | None) -> None:
        self.length = length
        self.most = MAX_WHOLE if length is None else length
        self._kept = self._idle = 0
        self._pieces: dict[int, bytes] = {}

    def add(self, start: int, piece: bytes) -> None:
        """Keep a piece. Raises ProtocolError when it lies outside, or brings nothing again and again."""
        if start + len(piece) > self.most:
            raise ProtocolError("The sleeve sent more than it was asked for.", hint="Update its firmware.")
        if not piece or start in self._pieces:
            self._idle += 1
        else:
            self._pieces[start] = piece
            self._kept += len(piece)
        if self._idle > _IDLE_PIECES or self._kept > 2 * self.most:
            raise ProtocolError("The sleeve sends the same again and again.", hint="Update its firmware.")

    def shorten(self, length: int) -> None:
        """The sleeve has only `length` bytes."""
        self.length = self.most = length
        self.drop(length, 1 << 32)

    def drop(self, start: int, end: int) -> None:
        """Forget the pieces that touch start … end."""
        self._pieces = {at: p for at, p in self._pieces.items() if at + len(p) <= start or at >= end}
        self._kept = sum(map(len, self._pieces.values()))

    @property
    def received(self) -> int:
        """Bytes that are here."""
        return sum(len(data) for _, data in self.runs())

    def runs(self) -> list[tuple[int, bytes]]:
        """What is here, as (place, bytes) in order; none touch or overlap."""
        runs: list[tuple[int, bytearray]] = []
        for at, piece in sorted(self._pieces.items()):
            end = runs[-1][0] + len(runs[-1][1]) if runs else -1
            if at > end:
                runs.append((at, bytearray(piece)))
            elif at + len(piece) > end:
                runs[-1][1].extend(piece[end - at :])
        return [(at, bytes(data)) for at, data in runs]

    def holes(self) -> list[tuple[int, int]]:
        """The ranges of the known length that are missing."""
        found, at = [], 0
        for start, data in [*self.runs(), (self.length or 0, b"")]:
            if start > at:
                found.append((at, start))
            at = max(at, start + len(data))
        return found

    def hole(self) -> tuple[int, int] | None:
        """The first range of the known length that is missing."""
        return next(iter(self.holes()), None)

    def joined(self, start: int = 0, end: int | None = None) -> bytes | None:
        """The bytes from start to end, or None if one is missing."""
        end = self.length if end is None else end
        if end is None or start >= end:
            return None if end is None else b""
        for at, data in self.runs():
            if at <= start and end <= at + len(data):
                return data[start - at : end - at]
        return None


def receive(answer: Iterator[Frame], pieces: Pieces, start: int = 0) -> int | None:
    """Take one answer (DATA … END) into `pieces` from `start` on; returns the number of bytes its END names.

    Pieces lost on the line stay holes; if all came but their check fails, they are dropped.
    Raises DeviceError for an ERROR frame, LinkError when the answer breaks off (what came is kept).
    """
    for frame in answer:
        if frame.kind == frames.DATA and len(frame.payload) >= 4:
            pieces.add(start + int.from_bytes(frame.payload[:4], "little"), frame.payload[4:])
        elif frame.kind == frames.END and len(frame.payload) == 8:
            total, crc = struct.unpack("<II", frame.payload)
            if total > pieces.most - start:
                raise ProtocolError("The sleeve names more than it was asked for.", hint="Update its firmware.")
            content = pieces.joined(start, start + total)
            if content is not None and zlib.crc32(content) != crc:
                pieces.drop(start, start + total)
            return total
        elif frame.kind == frames.ERROR:
            raise refusal(frame.payload)
        else:
            raise ProtocolError(
                f"The sleeve answered with an unexpected frame (0x{frame.kind:02x}).", hint="Try again."
            )
    return None
