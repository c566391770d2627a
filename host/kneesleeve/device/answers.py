"""The sleeve's answers as values, and its refusals as errors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from kneecore import fault_table, frames
from kneesleeve.errors import ConfigError, DeviceError, ProtocolError

STATES = ("boot", "idle", "donning", "running", "saving")
_UPDATE = "Bring toolkit and firmware to the same version."
UPDATE_TOOLKIT = "Update the toolkit: pip install --upgrade kneesleeve"
UPDATE_SLEEVE = "Write its firmware anew, runs and configuration are kept: sleeve flash"
MAX_SESSIONS = 4096  # a session takes a block at least, and the largest flash has 16 MiB
MAX_STORAGE = 64 * 1024 * 1024  # bytes of all sessions together
_WORDS = 200  # characters kept of what a sleeve says of itself


@dataclass(frozen=True)
class Pong:
    """Answer to a PING: protocol version, state (a word of `STATES`), firmware build.

    revision: of the protocol, additions that break nothing. schema_crc: of the parameters' schema, 0 if not told.
    """

    protocol: int
    state: str
    build: str
    revision: int = 0
    schema_crc: int = 0


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
    protocol, revision = payload[0], payload[2]
    if protocol != frames.PROTOCOL or revision == 0 or len(payload) < 8:  # revision 0 had no CRC
        return Pong(protocol, state, plain(payload[4:]), revision)
    return Pong(protocol, state, plain(payload[8:]), revision, int.from_bytes(payload[4:8], "little"))


def check_protocol(pong: Pong) -> None:
    """Raises DeviceError, saying which side is older and what mends it, unless both speak the same version."""
    if pong.protocol == frames.PROTOCOL:
        return
    versions = f"it speaks protocol {pong.protocol}, this toolkit {frames.PROTOCOL}"
    if pong.protocol > frames.PROTOCOL:
        raise DeviceError(f"The toolkit is older than the sleeve's firmware ({versions}).", hint=UPDATE_TOOLKIT)
    raise DeviceError(f"The sleeve's firmware is older than the toolkit ({versions}).", hint=UPDATE_SLEEVE)


def revision_note(pong: Pong) -> str:
    """Which side is newer though both understand each other; "" if neither is."""
    if pong.revision == frames.REVISION:
        return ""
    newer, hint = (
        ("sleeve's firmware", UPDATE_TOOLKIT) if pong.revision > frames.REVISION else ("toolkit", UPDATE_SLEEVE)
    )
    revisions = f"revision {pong.revision} of the protocol on the sleeve, {frames.REVISION} here"
    return f"The {newer} is newer, but both understand each other ({revisions}). {hint}"


def plain(payload: bytes) -> str:
    """Text that a sleeve sent, without what a terminal would obey, and not too long."""
    return printable(payload.decode("utf-8", "replace")[:_WORDS])


def refusal(payload: bytes) -> DeviceError | ConfigError:
    """What an ERROR frame says, with the hint of the fault table."""
    code = payload[0] if payload else -1
    said = plain(payload[1:])
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
    """The entries of a LIST answer, by id. Raises ProtocolError where one lacks a field or cannot be true."""
    entries = _json(content, "list of sessions")
    if not isinstance(entries, list) or len(entries) > MAX_SESSIONS:
        raise ProtocolError("The sleeve's list of sessions is no list, or too long.", hint=_UPDATE)
    try:
        found = [_entry(e) for e in entries]
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError) as error:
        raise ProtocolError(f"The sleeve's list of sessions lacks a field: {error!r:.80}.", hint=_UPDATE) from error
    for entry in found:
        if not 0 <= entry.id < 1 << 32 or not 0 <= entry.bytes <= MAX_STORAGE:
            raise ProtocolError(
                f"The sleeve lists a session that cannot be: number {entry.id}, {entry.bytes} bytes.", hint=_UPDATE
            )
    if len({e.id for e in found}) < len(found) or sum(e.bytes for e in found) > MAX_STORAGE:
        raise ProtocolError("The sleeve lists a session twice, or more than any sleeve can store.", hint=_UPDATE)
    return sorted(found, key=lambda entry: entry.id)


def _entry(e: dict[str, Any]) -> SessionEntry:
    interrupted, verified = bool(e.get("interrupted")), bool(e.get("verified"))
    return SessionEntry(
        _whole(e["id"]), _whole(e["bytes"]), bool(e["closed"]), interrupted, verified, _whole(e.get("blocks", 0))
    )


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("a number that is not whole")
    return value


def _json(content: bytes, what: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"The sleeve's {what} is not JSON: {error!s:.80}.", hint=_UPDATE) from error
