"""Gets out of a damaged session file, or a dump of a sleeve's storage, what is readable: a clean file a session."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kneesleeve.errors import SessionError, SleeveError, UsageError
from kneesleeve.services.doctor import Diagnosis, diagnosis
from kneesleeve.services.salvage import in_order
from kneesleeve.sessions.api import Session
from kneesleeve.sessions.dump import Piece, find_pieces
from kneesleeve.sessions.reader import contents_of, read_bytes

SUFFIX = ".sleeve"


@dataclass(frozen=True)
class Recovered:
    """One session that was got out. found: how its file reads now; what is missing from it is named there.

    damaged_bytes: of its blocks, not readable and left out. adopted: blocks whose header was damaged and made anew.
    """

    path: Path
    found: Diagnosis
    damaged_bytes: int
    adopted: int

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"path": str(self.path), "found": self.found.as_json()}


@dataclass(frozen=True)
class _Clean:
    """A session's clean bytes, not written yet."""

    data: bytes
    session: Session
    pieces: list[Piece]
    adopted: int


def recover(source: Path, out: Path, *, force: bool = False) -> list[Recovered]:
    """Write every session found in `source` to `out`: a folder, or for a single session a name that ends in .sleeve.

    A file is written beside its place and then renamed. Raises SessionError where nothing is found, UsageError for
    several sessions and one name, SleeveError where a file is there already (unless `force`) or cannot be written.
    """
    clean = sessions_in(source, read_bytes(source))
    targets = _targets(clean, out)
    _refuse_existing(targets, source, force=force)
    done = []
    for one, target in zip(clean, targets, strict=True):
        _write(target, one.data)
        session = Session(contents_of(target, one.data))
        damaged = sum(piece.damaged for piece in one.pieces)
        done.append(Recovered(target, diagnosis(session), damaged, one.adopted))
    return done


def sessions_in(source: Path, data: bytes) -> list[_Clean]:
    """All sessions of which at least one record is readable. Raises SessionError if there is none."""
    found = find_pieces(data)
    taken = {piece.offset for pieces in found.values() for piece in pieces}
    clean = []
    for _, pieces in sorted(found.items()):
        ordered = in_order(data, pieces, taken)
        if any(piece.records for piece in ordered):
            block_bytes = b"".join(piece.block for piece in ordered)
            adopted = len(ordered) - len({p.header.number for p in pieces})
            clean.append(_Clean(block_bytes, Session(contents_of(source, block_bytes)), ordered, adopted))
    if not clean:
        raise SessionError(
            f"{source}: no record of a session is readable in it.",
            hint="Give a session file, or a dump of the sleeve's `sessions` partition or of its whole flash.",
        )
    return clean


def _targets(clean: list[_Clean], out: Path) -> list[Path]:
    if out.suffix == SUFFIX and not out.is_dir():
        if len(clean) > 1:
            raise UsageError(
                f"There are {len(clean)} sessions in it, and -o names one file.", hint="Name a folder with -o."
            )
        return [out]
    return _distinct([out / f"{_safe(one.session.device)}-{one.session.session:08d}{SUFFIX}" for one in clean])


def _distinct(paths: Iterable[Path]) -> list[Path]:
    """Two sessions may have one name (two versions of the format): the later ones are numbered."""
    seen: list[Path] = []
    for path in paths:
        n, free = 2, path
        while free in seen:
            n, free = n + 1, path.with_name(f"{path.stem}-{n}{SUFFIX}")
        seen.append(free)
    return seen


def _safe(device: str) -> str:
    """The device's name without what a file name cannot hold."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", device).strip("._")[:64] or "sleeve"


def _refuse_existing(targets: Iterable[Path], source: Path, *, force: bool) -> None:
    for target in targets:
        if target.exists() and target.samefile(source):
            raise UsageError(f"{target} is the file to recover from.", hint="Name another place with -o.")
        if target.exists() and not force:
            raise SleeveError(
                f"{target} is there already; nothing was written.", hint="Name another place with -o, or use --force."
            )


def _write(target: Path, data: bytes) -> None:
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise SleeveError(
            f"Cannot write {target}: {error.strerror or error}.", hint="Free some space or name another place with -o."
        ) from error
