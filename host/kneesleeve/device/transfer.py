"""Puts the DATA frames of answers together and knows what is missing."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from kneecore import frames
from kneesleeve.device.answers import refusal
from kneesleeve.errors import ProtocolError
from kneesleeve.link.codec import Frame


class Pieces:
    """`length` bytes that arrive in pieces, perhaps with holes; None while only an END will tell the length."""

    def __init__(self, length: int | None) -> None:
        self.length = length
        self._pieces: dict[int, bytes] = {}

    def add(self, start: int, piece: bytes) -> None:
        """Keep a piece. Raises ProtocolError when it lies outside."""
        if self.length is not None and start + len(piece) > self.length:
            raise ProtocolError("The sleeve sent more than it was asked for.", hint="Update its firmware.")
        if piece:
            self._pieces[start] = piece

    def shorten(self, length: int) -> None:
        """The sleeve has only `length` bytes."""
        self.length = length

    def drop(self, start: int, end: int) -> None:
        """Forget the pieces that touch start … end."""
        self._pieces = {at: p for at, p in self._pieces.items() if at + len(p) <= start or at >= end}

    @property
    def received(self) -> int:
        """Bytes that are here."""
        return sum(map(len, self._pieces.values()))

    def hole(self) -> tuple[int, int] | None:
        """The first range of the known length that is missing."""
        at, length = 0, self.length or 0
        for start, piece in sorted(self._pieces.items()):
            if start > at:
                return at, start
            at = max(at, start + len(piece))
        return (at, length) if at < length else None

    def joined(self, start: int = 0, end: int | None = None) -> bytes | None:
        """The bytes from start to end, or None if one is missing."""
        end = self.length if end is None else end
        if end is None:
            return None
        out, at = bytearray(end - start), start
        for offset, piece in sorted(self._pieces.items()):
            if offset + len(piece) <= start or offset >= end:
                continue
            if offset > at:
                return None
            lo, hi = max(offset, start), min(offset + len(piece), end)
            out[lo - start : hi - start] = piece[lo - offset : hi - offset]
            at = max(at, hi)
        return bytes(out) if at >= end else None


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
