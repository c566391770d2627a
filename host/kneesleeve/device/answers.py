"""The sleeve's answers as values, and its refusals as errors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from kneecore import fault_table, frames
from kneesleeve.errors import ConfigError, DeviceError, ProtocolError

STATES = ("boot", "idle", "donning", "running", "saving")
_UPDATE = "Bring toolkit and firmware to the same version."


@dataclass(frozen=True)
class Pong:
    """Answer to a PING: protocol version, state (a word of `STATES`), firmware build."""

    protocol: int
    state: str
    build: str


@dataclass(frozen=True)
class SessionEntry:
    """One session on the sleeve.

    closed: it ends with a CLOSE record. interrupted: found at a start without one. verified: a host has pulled it and
    every check held. blocks: of 4096 bytes.
    """

    id: int
    bytes: int
    closed: bool
    interrupted: bool = False
    verified: bool = False
    blocks: int = 0


def parse_pong(payload: bytes) -> Pong:
    """Raises ProtocolError for a payload that is too short."""
    if len(payload) < 4:
        raise ProtocolError("The sleeve's answer to a ping is cut short.", hint=_UPDATE)
    state = STATES[payload[1]] if payload[1] < len(STATES) else f"state {payload[1]}"
    return Pong(payload[0], state, payload[4:].decode("utf-8", "replace"))


def check_protocol(pong: Pong) -> None:
    """Raises DeviceError, saying which side is older, unless both speak the same version."""
    if pong.protocol == frames.PROTOCOL:
        return
    versions = f"it speaks version {pong.protocol}, this toolkit {frames.PROTOCOL}"
    if pong.protocol > frames.PROTOCOL:
        raise DeviceError(f"The toolkit is older than the sleeve's firmware ({versions}).", hint="Update the toolkit.")
    raise DeviceError(f"The sleeve's firmware is older than the toolkit ({versions}).", hint="Update the firmware.")


def refusal(payload: bytes) -> DeviceError | ConfigError:
    """What an ERROR frame says, with the hint of the fault table."""
    code = payload[0] if payload else -1
    said = printable(payload[1:].decode("utf-8", "replace"))
    name, meaning, hint = fault_table.TABLE.get(
        code, (f"fault {code}", "it gave no reason this toolkit knows", _UPDATE)
    )
    if code == fault_table.CONFIG_REFUSED:
        return ConfigError(
            f"The sleeve refused the configuration: {said or meaning}.", hint=hint[:1].upper() + hint[1:] + "."
        )
    detail = f": {said}" if said and said not in (name, meaning) else ""
    return DeviceError(f"The sleeve refused: {meaning}{detail} ({name}).", hint=hint[:1].upper() + hint[1:] + ".")


def printable(text: str) -> str:
    """What a sleeve says of itself, made fit for a terminal: one line of at most 300 characters."""
    return "".join(c if c.isprintable() else "?" for c in text.strip())[:300]


def parse_object(content: bytes, what: str) -> dict[str, Any]:
    """A JSON object. Raises ProtocolError for anything else."""
    value = _json(content, what)
    if not isinstance(value, dict):
        raise ProtocolError(f"The sleeve's {what} is not a JSON object.", hint=_UPDATE)
    return value


def parse_sessions(content: bytes) -> list[SessionEntry]:
    """The entries of a LIST answer, by id. Raises ProtocolError where one lacks a field."""
    entries = _json(content, "list of sessions")
    try:
        found = [_entry(e) for e in entries]
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise ProtocolError(f"The sleeve's list of sessions lacks a field: {error}.", hint=_UPDATE) from error
    return sorted(found, key=lambda entry: entry.id)


def _entry(e: dict[str, Any]) -> SessionEntry:
    interrupted, verified = bool(e.get("interrupted")), bool(e.get("verified"))
    return SessionEntry(
        int(e["id"]), int(e["bytes"]), bool(e["closed"]), interrupted, verified, int(e.get("blocks", 0))
    )


def _json(content: bytes, what: str) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise ProtocolError(f"The sleeve's {what} is not JSON: {error}.", hint=_UPDATE) from error
