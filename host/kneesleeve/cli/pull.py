"""`sleeve pull`: fetch runs from a sleeve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kneesleeve.cli.options import Device, Json
from kneesleeve.cli.output import byte_progress, note, print_json
from kneesleeve.device.connect import connect
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import DeviceError, UsageError
from kneesleeve.services.pull import Pulled, pull

WITH_LOSS = 3


def command(
    sessions: Annotated[list[int] | None, typer.Argument(metavar="[SESSION]...", help="Default: the newest.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the session files.")] = Path(),
    everything: Annotated[bool, typer.Option("--all", help="All sessions on the sleeve.")] = False,
    device: Device = None,
    as_json: Json = False,
) -> int:
    """Fetch runs from a sleeve into DEVICE-SESSION.sleeve files.

    A cut leaves a .part file; the same command goes on from there. What came whole is marked
    on the sleeve as verified; nothing is erased by this.
    """
    if everything and sessions:
        raise UsageError("--all and session numbers exclude each other.", hint="Use one of them.")
    pulled = []
    with connect(device) as sleeve:
        for session_id in sessions or _wanted(sleeve, everything):
            pulled.append(_pull(sleeve, session_id, out))
            if not as_json:
                print(pulled[-1].path)
    if as_json:
        print_json([_as_json(p) for p in pulled])
    return WITH_LOSS if any(p.losses for p in pulled) else 0


def _pull(sleeve: Sleeve, session_id: int, out: Path) -> Pulled:
    """One session, with progress and what is to be said of it on stderr."""
    try:
        with byte_progress(f"Session {session_id}") as progress:
            pulled = pull(sleeve, session_id, out, progress)
    except KeyboardInterrupt:
        note(f"What came of session {session_id} is kept: the same command goes on from there.")
        raise
    _tell(session_id, pulled)
    return pulled


def _wanted(sleeve: Sleeve, everything: bool) -> list[int]:
    ids = [entry.id for entry in sleeve.sessions()]
    if not ids and not everything:
        raise DeviceError("There are no sessions on the sleeve.", hint="Record a run first.")
    return ids if everything else ids[-1:]


def _tell(session_id: int, pulled: Pulled) -> None:
    if pulled.already:
        note(f"Session {session_id} is already here, identical to the one on the sleeve.")
    elif pulled.resumed_at:
        note(f"Went on at byte {pulled.resumed_at}, where the last pull was cut.")
    note(f"Session {session_id}: {pulled.bytes} bytes, sha256 {pulled.sha256}")
    if not pulled.closed:
        note(f"Session {session_id} was interrupted: it has no end record.")
    for loss in pulled.losses:
        note(f"Damaged in the sleeve's storage: {loss}")


def _as_json(pulled: Pulled) -> dict[str, Any]:
    return {
        "path": str(pulled.path),
        "bytes": pulled.bytes,
        "sha256": pulled.sha256,
        "closed": pulled.closed,
        "already": pulled.already,
        "resumed_at": pulled.resumed_at,
        "verified": pulled.verified,
        "losses": [str(loss) for loss in pulled.losses],
    }
