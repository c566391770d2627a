"""What a sleeve can be asked over its link, with every refusal in plain words."""

from __future__ import annotations

import contextlib
import logging
import struct
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from kneecore import frames
from kneesleeve.device import answers
from kneesleeve.device.answers import Pong, SessionEntry
from kneesleeve.device.speed import Speed
from kneesleeve.device.stream import Stream
from kneesleeve.device.transfer import BAD_LINE, Pieces, receive
from kneesleeve.errors import LinkError, ProtocolError
from kneesleeve.link.serial_link import FrameLink, SilenceError

MAX_READ = 65536  # bytes of one READ
PING_TIMEOUT_S = 1.0
PING_RETRIES = 3  # together they bridge a board's reset when its port is opened, and a rate that another left raised
_TRIES = 4  # answers without progress before a line counts as too bad

log = logging.getLogger("kneesleeve.link")


class Sleeve:
    """A sleeve behind an open link. As a context manager it pings first, and closes the link at its end.

    `pong` is the answer to the last ping. Every call raises LinkError when the sleeve is gone or silent,
    DeviceError when it refuses (busy in a run, no such session, another protocol version).
    """

    def __init__(self, link: FrameLink) -> None:
        self.link = link
        self.pong: Pong | None = None
        self._speed = Speed(link)

    def __enter__(self) -> Sleeve:
        try:
            self.ping()
        except BaseException:
            self.link.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or not isinstance(error, LinkError):
            with contextlib.suppress(LinkError):
                self._speed.down()
        self.link.close()

    def ping(self, *, retries: int = PING_RETRIES) -> Pong:
        """Protocol, state and build; answered in every state."""
        frame = self.link.ask(frames.PING, timeout_s=min(PING_TIMEOUT_S, self.link.timeout_s), retries=retries)
        if frame.kind == frames.ERROR:
            raise answers.refusal(frame.payload)
        if frame.kind != frames.PONG:
            raise ProtocolError(f"{self.link.port} answered a ping with frame 0x{frame.kind:02x}.", hint="Try again.")
        first = self.pong is None
        self.pong = answers.parse_pong(frame.payload)
        if first:
            log.info("%s: protocol %d.%d, build %s, %s", self.link.port, *self._said())
        answers.check_protocol(self.pong)
        if first and (note := answers.revision_note(self.pong)):
            log.info("%s", note)
        return self.pong

    def _said(self) -> tuple[int, int, str, str]:
        assert self.pong
        return self.pong.protocol, self.pong.revision, self.pong.build, self.pong.state

    def info(self) -> dict[str, Any]:
        """The sleeve about itself: protocol, build, device, state, free_bytes, params, … (docs/protocol.md)."""
        return answers.parse_object(self._whole(frames.INFO), "information")

    def sessions(self) -> list[SessionEntry]:
        """The sessions on the sleeve, by id."""
        return answers.parse_sessions(self._whole(frames.LIST))

    def read(self, session_id: int, offset: int, length: int) -> bytes:
        """Bytes `offset` … `offset + length` of a session's file (fewer at its end), length at most `MAX_READ`.

        What is lost or damaged on the line is asked for again.
        """
        if not 0 < length <= MAX_READ:
            raise ValueError(f"a read is 1 … {MAX_READ} bytes, not {length}")
        pieces = Pieces(length)
        tries = 0
        while (hole := pieces.hole()) and tries < _TRIES:
            before = pieces.received
            self._fill(session_id, offset, hole, pieces)
            tries = 0 if pieces.received > before else tries + 1
        content = pieces.joined()
        if content is None:
            raise ProtocolError(f"Data from {self.link.port} keeps arriving damaged.", hint=BAD_LINE)
        return content

    def stream(self, session_id: int, start: int, end: int) -> Iterator[bytes]:
        """Bytes start … end of a session, in order, as they come; fewer if it is shorter. Best inside `fast`."""
        masked = bool(self.pong and self.pong.revision >= 1)
        return iter(Stream(self.link, session_id, start, end, masked=masked, speed=self._speed))

    @contextlib.contextmanager
    def fast(self) -> Iterator[None]:
        """The highest rate that the line can do, and the usual one again behind it."""
        self._speed.up()
        try:
            yield
        finally:
            with contextlib.suppress(LinkError):  # what was wanted has come, or a better error is on its way
                self._speed.down()

    def verified(self, session_id: int) -> None:
        """Tell it that this session is here and every check held: from now on it may be erased to make room."""
        self._do(frames.VERIFIED, struct.pack("<I", session_id))

    def erase(self, session_id: int, *, force: bool = False) -> None:
        """Let a session go. Raises DeviceError for one that is not verified, unless `force`."""
        self._do(frames.ERASE, struct.pack("<IB", session_id, force))

    def set_time(self, unix_ms: int) -> None:
        """Tell it the time: milliseconds since 1970, UTC. It keeps it until its next reset."""
        self._do(frames.TIME, struct.pack("<q", unix_ms))

    def fetch(self, kind: int) -> bytes:
        """The whole content that a request without arguments is answered with."""
        return self._whole(kind)

    def order(self, kind: int, payload: bytes) -> None:
        """A request that is answered with an empty END; it must do no harm when it comes twice."""
        self._do(kind, payload)

    def _do(self, kind: int, payload: bytes) -> None:
        """A request that is answered with an empty END; asking again does no harm."""
        frame = self.link.ask(kind, payload)
        if frame.kind == frames.ERROR:
            raise answers.refusal(frame.payload)
        if frame.kind != frames.END:
            raise ProtocolError(f"{self.link.port} answered with frame 0x{frame.kind:02x}.", hint="Try again.")

    def _fill(self, session_id: int, offset: int, hole: tuple[int, int], pieces: Pieces) -> None:
        """One READ for a hole. A silence after some of it came is no error: the rest is asked for again."""
        start, end = hole
        before = pieces.received
        payload = struct.pack("<III", session_id, offset + start, end - start)
        ends = pieces.length == end
        try:
            total = receive(self.link.request(frames.READ, payload), pieces, start)
        except SilenceError:
            if pieces.received == before:
                raise
            return
        if ends and total is not None and start + total < end:
            pieces.shorten(start + total)

    def _whole(self, kind: int) -> bytes:
        """The content of an answer that can only be asked for as a whole."""
        for _ in range(_TRIES):
            pieces = Pieces(None)
            try:
                total = receive(self.link.request(kind), pieces)
            except SilenceError:
                if not pieces.received:
                    raise
                continue
            content = None if total is None else pieces.joined(0, total)
            if content is not None:
                return content
        raise ProtocolError(f"Data from {self.link.port} keeps arriving damaged.", hint=BAD_LINE)
