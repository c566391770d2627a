"""A capture of the link for bug reports: every chunk with its time and direction, as text that people can read.

Switched on for the whole program by `start`; each link that is opened then writes into the same file.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TextIO

from kneesleeve.errors import SleeveError

_ROW = 32  # bytes a line

_path: Path | None = None


class Capture:
    """Writes chunks to a file; without one it does nothing."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._start_s = time.monotonic()

    def sent(self, data: bytes) -> None:
        """A chunk from the host to the sleeve."""
        self._rows(">", data)

    def received(self, data: bytes) -> None:
        """A chunk from the sleeve to the host."""
        self._rows("<", data)

    def note(self, text: str) -> None:
        """Something that is not on the wire."""
        if self._file:
            self._file.write(f"{self._now()} # {text}\n")

    def close(self) -> None:
        """Write out what is left. May be repeated."""
        if self._file:
            self._file.close()
            self._file = None

    def _rows(self, direction: str, data: bytes) -> None:
        if not self._file:
            return
        now = self._now()
        for at in range(0, len(data), _ROW):
            row = data[at : at + _ROW]
            text = "".join(chr(b) if 32 <= b < 127 else "." for b in row)
            self._file.write(f"{now} {direction} {row.hex(' '):{3 * _ROW - 1}} |{text}|\n")

    def _now(self) -> str:
        return f"{time.monotonic() - self._start_s:12.6f}"


def start(path: Path) -> None:
    """Capture every link from now on into `path`, which is begun anew. Raises SleeveError if it cannot be written."""
    global _path  # noqa: PLW0603  one program, one capture: a link that is opened deep inside must find it
    try:
        path.write_text("# seconds since the link was opened; > to the sleeve, < from the sleeve; hex |text|\n")
    except OSError as error:
        raise SleeveError(
            f"The capture cannot be written to {path}: {error.strerror}.", hint="Name a file in an existing folder."
        ) from error
    _path = path


def stop() -> None:
    """Links that are opened from now on are not captured."""
    global _path  # noqa: PLW0603
    _path = None


def of_port(port: str) -> Capture:
    """The capture of a link that is being opened; one that does nothing unless `start` was called."""
    if _path is None:
        return Capture(None)
    taken = Capture(_path.open("a"))
    taken.note(f"{port} opened at {time.strftime('%Y-%m-%d %H:%M:%S%z')}")
    return taken
