"""Frames on the host's side (docs/protocol.md): encoded by kneecore's writer, decoded whole segments at a time.

The device's reader steps byte by byte; a pull brings megabytes, so this one splits at sync bytes and unescapes with
`bytes.replace`, which runs in C.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

from kneecore.frames import CRC, ESCAPE, HEAD, MAX_TO_DEVICE, MAX_TO_HOST, SYNC, FrameWriter

ANSWER_BIT = 0x80  # every kind the device sends has it: what lacks it is our own frame, echoed

_SYNC = bytes((SYNC,))
_ESCAPE = bytes((ESCAPE,))
# The escape itself comes last: no earlier replacement writes 0xF5 or 0xD5, so none can make a pair that was not sent.
_PAIRS = [(bytes((ESCAPE, b ^ 0x20)), bytes((b,))) for b in (1, 2, 3, 4, 5, SYNC, ESCAPE)]
_LONGEST = HEAD + MAX_TO_HOST + CRC
_TEXT_KEPT = 200


class Frame(NamedTuple):
    """One frame that passed its check."""

    kind: int
    sequence: int
    payload: bytes


def encode(kind: int, sequence: int, payload: bytes = b"") -> bytes:
    """The frame as it goes on the wire. Raises ValueError for a payload of more than 55 bytes."""
    if len(payload) > MAX_TO_DEVICE:
        raise ValueError(f"a frame to the device holds {MAX_TO_DEVICE} bytes, not {len(payload)}")
    writer = FrameWriter(len(payload))
    writer.body[HEAD : HEAD + len(payload)] = payload
    return bytes(writer.wire[: writer.build(kind, sequence, len(payload))])


class Decoder:
    """Finds frames in the device's bytes.

    `bad`: frames dropped because a check failed. `text`: the last console output between frames, for error hints.
    """

    def __init__(self) -> None:
        self.bad = 0
        self.text = b""
        self._open = b""  # the segment after the last sync byte, still escaped, not yet a whole frame
        self._in_frame = False

    def feed(self, data: bytes) -> list[Frame]:
        """Frames that are complete now, in order. `data` may be cut anywhere."""
        first, *later = (self._open + data).split(_SYNC)
        segments = [first, *later] if self._in_frame else later
        if not self._in_frame:
            self._note_text(first)
        self._open, self._in_frame = b"", False
        frames = []
        for i, segment in enumerate(segments):
            frame = self._take(segment, last=i == len(segments) - 1)
            if frame:
                frames.append(frame)
        return frames

    def _take(self, segment: bytes, *, last: bool) -> Frame | None:
        """The frame at the start of what followed a sync byte; None if it is bad or may still grow (`last`)."""
        body = unescape(segment.removesuffix(_ESCAPE))  # an escape whose second byte is still on its way is no byte yet
        size = HEAD + CRC + int.from_bytes(body[:2], "little")
        if last and len(body) < min(size, _LONGEST):
            self._open, self._in_frame = segment, True
            return None
        check = size - CRC
        if len(body) < size or zlib.crc32(body[:check]) != int.from_bytes(body[check:size], "little"):
            self.bad += bool(segment)  # an empty segment is a doubled sync byte, not a frame
            return None
        self._note_text(body[size:])
        return Frame(body[2], body[3], body[HEAD:check])

    def _note_text(self, text: bytes) -> None:
        if text:
            self.text = (self.text + text)[-_TEXT_KEPT:]


def unescape(segment: bytes) -> bytes:
    """The bytes between two syncs as they were before escaping."""
    if _ESCAPE not in segment:
        return segment
    for pair, byte in _PAIRS:
        segment = segment.replace(pair, byte)
    return segment
