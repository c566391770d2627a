"""Pulls a session: resumes, checks every block and record, and only then gives the file its name."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from kneecore.ring_header import BLOCK
from kneesleeve.device.answers import SessionEntry
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import DeviceError, LinkError, SessionError, SleeveError
from kneesleeve.services.part import Part
from kneesleeve.sessions.stream import Loss, read_stream

Progress = Callable[[int, int], None]
_NAME_LENGTH = 40  # of a device's name in a file name


@dataclass(frozen=True)
class Pulled(os.PathLike[str]):
    """A pulled session; usable wherever a path is.

    already: the file was here before. resumed_at: bytes that an earlier, cut pull had left.
    losses: damage in the sleeve's own storage. verified: the sleeve was told that every check held, and may erase it
    when it needs the room.
    """

    path: Path
    bytes: int
    sha256: str
    closed: bool
    already: bool = False
    resumed_at: int = 0
    losses: list[Loss] = field(default_factory=list)
    verified: bool = False

    def __fspath__(self) -> str:
        return str(self.path)


def pull(sleeve: Sleeve, session_id: int, folder: Path, progress: Progress = lambda done, total: None) -> Pulled:
    """Fetch a session into `folder` as `<device>-<id>.sleeve`.

    `progress(done, total)` is called with bytes. A cut leaves `….sleeve.part`, from which the next call goes on.
    An identical file is not fetched again, a different one of that name is never overwritten. Once every check of the
    file holds (damage that is in the sleeve's own storage does not count against it: a pull brings no more), the sleeve
    is told so; it is told the time, too.
    Raises LinkError (with how much came), DeviceError (no such session, busy), SessionError (it is no session).
    """
    entry = _entry(sleeve, session_id)
    with contextlib.suppress(DeviceError):  # an older firmware knows no time
        sleeve.set_time(time.time_ns() // 1_000_000)
    base = f"{_file_name(str(sleeve.info().get('device') or 'sleeve'))}-{session_id:08d}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        here = _identical(sleeve, entry, folder, base)
        if here:
            return _told(sleeve, entry, _result(here, entry, already=True))
        part = Part(folder / f"{base}.sleeve.part")
        resumed_at = part.resume(entry, lambda offset, n: sleeve.read(session_id, offset, n))
        _fetch(sleeve, entry, part, progress)
        return _told(sleeve, entry, _place(part, entry, folder, base, resumed_at))
    except OSError as error:
        raise SleeveError(
            f"Cannot write to {folder}: {error.strerror or error}.",
            hint="Free some space or name another folder with --out.",
        ) from error


def _told(sleeve: Sleeve, entry: SessionEntry, pulled: Pulled) -> Pulled:
    """Mark the session on the sleeve if the file is whole, or as whole as what the sleeve itself holds."""
    if pulled.losses and not _same_on_device(sleeve, entry, pulled):
        return pulled
    try:
        sleeve.verified(entry.id)
    except DeviceError:
        return pulled
    return replace(pulled, verified=True)


def _same_on_device(sleeve: Sleeve, entry: SessionEntry, pulled: Pulled) -> bool:
    """Read the damaged blocks once more: on the device they are the same, so another pull would bring no more."""
    data = pulled.path.read_bytes()
    places = {
        loss.offset // BLOCK * BLOCK for loss in pulled.losses if loss.offset is not None and loss.offset < len(data)
    }
    return all(sleeve.read(entry.id, at, BLOCK) == data[at : at + BLOCK] for at in sorted(places))


def _entry(sleeve: Sleeve, session_id: int) -> SessionEntry:
    entries = sleeve.sessions()
    for entry in entries:
        if entry.id == session_id:
            return entry
    there = ", ".join(str(e.id) for e in entries) or "none"
    raise DeviceError(f"There is no session {session_id} on the sleeve.", hint=f"Sessions on it: {there}.")


def _file_name(device: str) -> str:
    """The device's name without what a file name cannot hold."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", device[:_NAME_LENGTH]).strip("._") or "sleeve"


def _candidates(folder: Path, base: str) -> list[Path]:
    """Files that may hold this session: the name and its numbered variants."""
    numbered = [p for p in folder.glob(f"{base}-*.sleeve") if p.stem[len(base) + 1 :].isdigit()]
    return [p for p in (folder / f"{base}.sleeve", *sorted(numbered)) if p.is_file()]


def _identical(sleeve: Sleeve, entry: SessionEntry, folder: Path, base: str) -> Path | None:
    """A file that holds this session already: same size, every check holds, first and last block as on the sleeve."""
    for path in _candidates(folder, base):
        data = path.read_bytes()
        if len(data) != entry.bytes or not data or _losses(path, data):
            continue
        last = (len(data) - 1) // BLOCK * BLOCK
        if all(sleeve.read(entry.id, at, BLOCK) == data[at : at + BLOCK] for at in sorted({0, last})):
            return path
    return None


def _losses(path: Path, data: bytes) -> list[Loss]:
    try:
        return read_stream(path, data).losses
    except SessionError as error:
        return [Loss(str(path), error.message)]


def _fetch(sleeve: Sleeve, entry: SessionEntry, part: Part, progress: Progress) -> None:
    progress(part.size, entry.bytes)
    try:
        with sleeve.fast():
            for data in sleeve.stream(entry.id, part.size, entry.bytes):
                part.append(data)
                progress(part.size, entry.bytes)
    except LinkError as error:
        raise type(error)(
            f"{error.message.rstrip('.')}, after {part.size} of {entry.bytes} bytes of session {entry.id}.",
            hint="Run the same command again: it goes on from there.",
        ) from error
    if part.size < entry.bytes:
        raise DeviceError(
            f"Session {entry.id} ends at byte {part.size}, not at {entry.bytes} as the sleeve lists it.",
            hint="List the sessions again; perhaps it was still being written.",
        )


def _place(part: Part, entry: SessionEntry, folder: Path, base: str, resumed_at: int) -> Pulled:
    """Check the whole and rename it into place, beside any other file of that name."""
    data = part.path.read_bytes()
    try:
        losses = read_stream(part.path, data).losses
    except SessionError as error:
        with contextlib.suppress(OSError):
            part.path.unlink()
        raise SessionError(
            f"What the sleeve sent as session {entry.id} is no session: {error.message}", hint="Pull it again."
        ) from error
    for path in _candidates(folder, base):
        if path.read_bytes() == data:
            part.path.unlink()
            return _result(path, entry, already=True, losses=losses)
    target = _free_name(folder, base)
    part.sync()
    part.path.replace(target)
    return _result(target, entry, resumed_at=resumed_at, losses=losses)


def _free_name(folder: Path, base: str) -> Path:
    target, n = folder / f"{base}.sleeve", 2
    while target.exists():
        target, n = folder / f"{base}-{n}.sleeve", n + 1
    return target


def _result(
    path: Path, entry: SessionEntry, *, already: bool = False, resumed_at: int = 0, losses: list[Loss] | None = None
) -> Pulled:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Pulled(path, len(data), digest, entry.closed, already, resumed_at, losses or [])
