"""What is wrong with a recording, and what to do about it."""

from __future__ import annotations

from kneesleeve.errors import SessionError


class RecordingError(SessionError):
    """A recording file that cannot be used; the message names file, array, what was found and what was expected."""

    exit_code = 4
