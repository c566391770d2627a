"""The one error tree of the toolkit.

Every error says what happened and where (`message`) and what to do next (`hint`).
`exit_code` is what a `sleeve` verb returns when the error ends it (docs/cli.md has the table).
"""

from __future__ import annotations


class SleeveError(Exception):
    """Anything that ends a verb in a way its user can act on."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SleeveError):
    """The words of the command are off: an unknown engine, a missing option."""

    exit_code = 2


class LinkError(SleeveError):
    """No device, a device that fell silent, or a port that is no sleeve."""

    exit_code = 5


class ProtocolError(LinkError):
    """Both sides talk, but not the same language: a bad frame or an unexpected answer."""


class DeviceError(SleeveError):
    """The device refused, or reports a fault."""


class ConfigError(SleeveError):
    """A parameter or configuration that was refused."""

    exit_code = 6


class SessionError(SleeveError):
    """A session or recording file that cannot be used."""

    exit_code = 4


class VerifyError(SleeveError):
    """A session that cannot be verified."""

    exit_code = 4
