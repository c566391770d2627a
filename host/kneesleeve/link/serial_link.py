"""A serial port or PTY that carries frames: requests out, answers in, and plain words for what can go wrong."""

from __future__ import annotations

import contextlib
import errno
import logging
import random
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from types import TracebackType

import serial

from kneecore.frames import BASE_BAUD
from kneesleeve.errors import LinkError, ProtocolError
from kneesleeve.link import capture
from kneesleeve.link.codec import ANSWER_BIT, Decoder, Frame, encode
from kneesleeve.link.opening import open_port

_POLL_S = 0.05  # how often a waiting read looks at its deadlines
_STRAY_FACTOR = 15  # frames of an older request keep a wait alive for this many timeouts at the most
_ANSWER_S = 60.0  # no honest answer takes longer
# A sleeve to which nobody has spoken for 3 s is back at the base rate. So the host returns before it would be alone at
# a raised one: what a UART makes of bytes at another rate can be a Ctrl-C.
_QUIET_S = 2.0

log = logging.getLogger("kneesleeve.link")


class SilenceError(LinkError):
    """The port is there, but no (further) answer came in time."""


@dataclass
class LinkStats:
    """What went over the link since it was opened."""

    frames: int = 0
    bytes: int = 0
    bad_frames: int = 0
    retries: int = 0


class FrameLink:
    """An open port. `request` sends a frame and yields the answers that carry its sequence; `send` and `next_frame` are
    its halves, for several requests at a time.

    port: a device path (/dev/ttyUSB0, COM3), a PTY or a symbolic link to one. timeout_s: longest silence in an answer.
    Raises LinkError when the port cannot be opened or vanishes, `SilenceError` when nothing answers.
    """

    def __init__(self, port: str, *, timeout_s: float = 2.0) -> None:
        self.port = port
        self.timeout_s = timeout_s
        self.baud = BASE_BAUD
        self.stats = LinkStats()
        self._decoder = Decoder()
        self._ready: list[Frame] = []
        # Not 0: what an interrupted process left on the way must not look like an answer to us.
        self._sequence = random.randrange(256)
        self._sent_s = 0.0  # when something was last sent
        self._serial = open_port(port, self.baud, _POLL_S)
        self._capture = capture.of_port(port)

    def __enter__(self) -> FrameLink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back. May be repeated."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._serial.close()
        self._capture.close()

    def set_baud(self, baud: int) -> bool:
        """Send and listen at another rate; False where this port cannot."""
        if baud == self.baud:
            return True
        try:
            self._serial.baudrate = baud
        except (OSError, ValueError, serial.SerialException) as error:
            log.info("%s cannot do %d baud: %s", self.port, baud, error)
            with contextlib.suppress(OSError, ValueError, serial.SerialException):
                self._serial.baudrate = self.baud
            return False
        self.baud = baud
        self._sent_s = time.monotonic()
        log.debug("%s is at %d baud", self.port, baud)
        self._capture.note(f"at {baud} baud")
        return True

    def ask(self, kind: int, payload: bytes = b"", *, timeout_s: float | None = None, retries: int = 2) -> Frame:
        """The first answer to a request."""
        return next(self.request(kind, payload, timeout_s=timeout_s, retries=retries))

    def request(
        self, kind: int, payload: bytes = b"", *, timeout_s: float | None = None, retries: int = 2
    ) -> Iterator[Frame]:
        """Send a frame and yield its answers; the caller stops at the one that ends them.

        Sent again up to `retries` times while nothing answers. Once answers came, a silence of `timeout_s` raises
        `SilenceError`: what is missing then is the caller's to ask for.
        """
        limit_s = self.timeout_s if timeout_s is None else timeout_s
        for attempt in range(retries + 1):
            self.stats.retries += attempt > 0
            sequence = (self.send(kind, payload),)
            frame = self.next_frame(sequence, limit_s)
            if frame:
                break
            log.info("no answer to request 0x%02x within %.1f s", kind, limit_s)
        else:
            raise self.silent(f"No answer from {self.port}")
        end_s = time.monotonic() + _ANSWER_S
        while frame:
            yield frame
            if time.monotonic() > end_s:
                raise ProtocolError(f"An answer from {self.port} does not end.", hint="Reset the sleeve and try again.")
            frame = self.next_frame(sequence, limit_s)
        raise self.silent(f"{self.port} fell silent in the middle of an answer")

    def send(self, kind: int, payload: bytes = b"") -> int:
        """Send a frame; returns its sequence, which its answers will carry."""
        if self.baud != BASE_BAUD and time.monotonic() - self._sent_s > _QUIET_S:
            self.set_baud(BASE_BAUD)
        self._sequence = (self._sequence + 1) & 0xFF
        data = encode(kind, self._sequence, payload)
        self._capture.sent(data)
        try:
            self._serial.write(data)
            self._sent_s = time.monotonic()
        except serial.SerialTimeoutException:
            raise self.silent(f"{self.port} takes no data") from None
        except (OSError, serial.SerialException) as error:
            raise self._unplugged(error) from error
        return self._sequence

    def next_frame(self, sequences: Container[int], limit_s: float) -> Frame | None:
        """The next answer with one of these sequences; None after `limit_s` without any good frame."""
        start_s = silent_since_s = time.monotonic()
        while True:
            while self._ready:
                frame = self._ready.pop(0)
                if frame.kind & ANSWER_BIT and frame.sequence in sequences:
                    return frame
            self._ready = self._receive()
            now_s = time.monotonic()
            if self._ready:
                silent_since_s = now_s
            if now_s - silent_since_s >= limit_s or now_s - start_s >= _STRAY_FACTOR * limit_s:
                return None

    def _receive(self) -> list[Frame]:
        """Frames in what has arrived; waits a short while when nothing has."""
        try:
            data = self._serial.read(max(1, self._serial.in_waiting))
        except (OSError, TypeError, serial.SerialException) as error:  # TypeError: closed by another thread
            raise self._unplugged(error) from error
        if data:
            self._capture.received(data)
        frames = self._decoder.feed(data) if data else []
        self.stats.bytes += len(data)
        self.stats.frames += len(frames)
        self.stats.bad_frames = self._decoder.bad
        return frames

    def silent(self, what: str) -> SilenceError:
        """The error for a device that does not answer, with what its console shows as a hint."""
        text = self._decoder.text
        if b">>>" in text or b"raw REPL" in text:
            return SilenceError(
                f"{what}: MicroPython's prompt is there, but the sleeve's app is not running.",
                hint="Reset the board; if that does not help, put the sleeve's firmware on it.",
            )
        if text:
            return SilenceError(
                f"{what}: it sends text, but no frames.",
                hint="Perhaps it is a board without the sleeve's firmware; if it is a sleeve, reset it.",
            )
        return SilenceError(f"{what}.", hint="Is it a sleeve, switched on, and is this its port?")

    def _unplugged(self, error: Exception) -> LinkError:
        # What pyserial says of a port that went away ("readiness to read but returned no data") helps nobody.
        code = getattr(error, "errno", None)
        detail = "" if code in (None, errno.EIO, errno.ENXIO, errno.ENODEV) else f" ({error})"
        return LinkError(f"{self.port} was unplugged or switched off{detail}.", hint="Plug it in and try again.")
