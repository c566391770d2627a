"""Opens a session file for the services: `open_session(path) -> Session`, everything in it as the sleeve's integers."""

from __future__ import annotations

import stat
from pathlib import Path

from kneesleeve.errors import SessionError
from kneesleeve.sessions.contents import Contents
from kneesleeve.sessions.raw import drained
from kneesleeve.sessions.session import Session
from kneesleeve.sessions.stream import read_stream
from kneesleeve.sessions.when import started_at

MOST_BYTES = 256 << 20  # a day of raw samples; a sleeve holds 13 MB


def open_session(path: Path | str) -> Session:
    """Read a session file of any version. What is damaged is left out and named in `losses`.

    Raises SessionError for a file that is missing, empty, no session file, or of a version or with features that
    are not known here.
    """
    return recorded(open_contents(path))


def open_contents(path: Path | str) -> Contents:
    """The same with the raw samples still packed."""
    path = Path(path)
    return contents_of(path, read_bytes(path))


def contents_of(path: Path, data: bytes) -> Contents:
    """A session from a file's bytes; `path` is for the words of errors."""
    return Contents(path, read_stream(path, data))


def recorded(contents: Contents) -> Session:
    """All values of a session."""
    c = contents
    return Session(
        c.path, c.stream.session_id, c.meta, c.params, c.calibration, c.accepted_batch,
        drained(c.raw_run, losses=c.sample_losses),
        c.strides, c.events, c.dropouts, c.close, c.losses, c.certain_batch, c.last_batch,
        c.version, c.states, c.times, length_s(c), c.sections,
        started_at(c.meta, c.times, c.clock.ms),
    )  # fmt: skip


def length_s(contents: Contents) -> float:
    """Seconds from the start of the FIFOs to the last batch."""
    return float(contents.clock.ms(contents.last_batch)) / 1000


def read_bytes(path: Path) -> bytes:
    """A file's bytes. Raises SessionError where it is missing, no file, unreadable, empty or far too large."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SessionError(f"{path} is a folder.", hint="Name one session file (*.sleeve) in it.")
        if not stat.S_ISREG(status.st_mode):
            raise SessionError(f"{path} is a device, not a file.", hint="Give a session file (*.sleeve).")
        if status.st_size > MOST_BYTES:
            raise SessionError(
                f"{path} has {status.st_size} bytes; no session is larger than {MOST_BYTES}.",
                hint="Give a session file (*.sleeve).",
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise SessionError(
            f"There is no file {path}.", hint="Check the path; `sleeve pull` fetches sessions."
        ) from None
    except OSError as error:
        raise SessionError(
            f"{path} cannot be read: {error.strerror}.", hint="Check the file and its permissions."
        ) from error
    if not data:
        raise SessionError(f"{path} is empty.", hint="Delete it and pull the session again.")
    return data
