"""Whether MicroPython's prompt waits at a port: asked for without interrupting what may run there.

Sent are Ctrl-U, Ctrl-K and Ctrl-B, nothing else: at the prompt they empty the line and print the banner again (also out
of the raw REPL). Never Enter: a ping holds a Ctrl-P, which has recalled the last command, and Enter would run it. Never
Ctrl-C or Ctrl-D. To a program that runs they are five bytes of input.
"""

from __future__ import annotations

import re
import time

import serial

from kneesleeve.link.opening import open_port

BAUD = 115_200
BANNER_AGAIN = b"\x15\x15\x15\x0b\x02"  # thrice: a ping may end in half an escape sequence that takes some
_BANNER = re.compile(rb"MicroPython ([^\s;]+)[^;\r\n]*; ([^\r\n]+)\r")
_WAIT_S = 0.4
_POLL_S = 0.05


def prompt_at(port: str) -> tuple[str, str]:
    """(MicroPython's version and board, other text) as they come from a port within 0.4 s; each "" if there is none.

    Raises LinkError when the port cannot be opened.
    """
    said = b""
    with open_port(port, BAUD, _POLL_S) as line:
        try:
            line.write(BANNER_AGAIN)
            until_s = time.monotonic() + _WAIT_S
            while time.monotonic() < until_s and not _BANNER.search(said):
                said += line.read(max(1, line.in_waiting))
        except (OSError, serial.SerialException):
            return "", ""
    banner = _BANNER.search(said)
    if banner:
        return f"{banner[1].decode('ascii', 'replace')} on {banner[2].decode('utf-8', 'replace').strip()}", ""
    return "", _readable(said)


def _readable(said: bytes) -> str:
    """The last line of text in it; "" if it is not text."""
    text = said.decode("utf-8", "replace").strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines and text.count("\ufffd") * 4 < len(text) and lines[-1].isprintable() else ""
