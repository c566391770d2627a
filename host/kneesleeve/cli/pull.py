"""`sleeve pull`: fetch runs from a sleeve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kneesleeve.cli.guard import report_error
from kneesleeve.cli.options import Device, Json
from kneesleeve.cli.output import Progress, note, print_json, transfers
from kneesleeve.device.connect import connect
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import DeviceError, LinkError, ProtocolError, SleeveError, UsageError
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
    on the sleeve as verified; nothing is erased by this. Of several runs one that fails does not
    keep the others from coming; the exit code is then the worst.
    """
    if everything and sessions:
        raise UsageError("--all and session numbers exclude each other.", hint="Use one of them.")
    pulled: list[Pulled] = []
    codes = [0]
    try:
        with connect(device) as sleeve, transfers() as bar:
            wanted = list(dict.fromkeys(sessions or [])) or _wanted(sleeve, everything)
            for number, session_id in enumerate(wanted):
                try:
                    pulled.append(_pull(sleeve, session_id, out, bar(f"Session {session_id}")))
                except SleeveError as error:
                    if len(wanted) == 1:
                        raise
                    codes.append(report_error(error))
                    if _gone(error):
                        _tell_rest(wanted[number + 1 :])
                        break
    finally:  # whatever ended it: what is here is here
        if pulled and not as_json:
            print(*(p.path for p in pulled), sep="\n")
    if as_json and (pulled or len(codes) == 1):
        print_json([_as_json(p) for p in pulled])
    return max(*codes, *(WITH_LOSS for p in pulled if p.losses), 0)


def _gone(error: SleeveError) -> bool:
    """True if the next session cannot fare better."""
    return isinstance(error, LinkError) and not isinstance(error, ProtocolError)


def _tell_rest(rest: list[int]) -> None:
    if rest:
        note(f"Not tried any more: {', '.join(map(str, rest))}.")


def _pull(sleeve: Sleeve, session_id: int, out: Path, progress: Progress) -> Pulled:
    """One session, and what is to be said of it on stderr."""
    try:
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
