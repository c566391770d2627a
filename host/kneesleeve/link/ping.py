"""One PING at a port of which nothing is known yet, chosen so that it does no harm at a prompt."""

from __future__ import annotations

import random
import time

import serial

from kneecore import frames
from kneesleeve.errors import LinkError
from kneesleeve.link.codec import ANSWER_BIT, Decoder, Frame, encode
from kneesleeve.link.opening import open_port

BAUD = 115_200
_WAIT_S = 0.6
_TRIES = 2
_POLL_S = 0.05
_ENTER = b"\r\n"


def ping_at(port: str) -> Frame | None:
    """The answer to a PING within 0.6 s, asked for twice; None if nobody answers. Raises LinkError as `open_port`."""
    with open_port(port, BAUD, _POLL_S) as line:
        decoder = Decoder()
        try:
            for sequence, wire in random.sample(_harmless(), _TRIES):
                line.write(wire)
                until_s = time.monotonic() + _WAIT_S
                while time.monotonic() < until_s:
                    for frame in decoder.feed(line.read(max(1, line.in_waiting))):
                        if frame.kind & ANSWER_BIT and frame.sequence == sequence:
                            return frame
        except serial.SerialTimeoutException:
            return None
        except (OSError, serial.SerialException) as error:
            raise LinkError(f"{port} was unplugged or switched off.", hint="Plug it in and try again.") from error
    return None


def _harmless() -> list[tuple[int, bytes]]:
    """(sequence, PING as it goes on the wire) without an Enter in it.

    A PING's 0x10 is the Ctrl-P that recalls a prompt's last command: with an Enter behind it that command would run.
    """
    pings = [(sequence, encode(frames.PING, sequence)) for sequence in range(256)]
    return [(sequence, wire) for sequence, wire in pings if not set(_ENTER) & set(wire)]
