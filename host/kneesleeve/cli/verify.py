"""`sleeve verify`: prove a session."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kneesleeve.cli.options import Json
from kneesleeve.cli.output import note, print_json
from kneesleeve.services.verdict import Verdict
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import open_session


def command(
    session: Annotated[Path, typer.Argument(metavar="SESSION", help="A session file (*.sleeve).")],
    as_json: Json = False,
) -> int:
    """Prove that a run's detector gave exactly what the reference gives on the same samples.

    Exit code: 0 exact, 1 differs, 3 exact but with loss or without an end, 4 nothing could be checked.
    """
    verdict = verify(open_session(session))
    if as_json:
        print_json({"session": str(session)} | verdict.as_json())
    else:
        _tell(verdict)
    return verdict.exit_code


def _tell(verdict: Verdict) -> None:
    print(f"{verdict.verdict}: {verdict.difference or verdict.reason or 'every field of every stride is equal'}")
    why = " (the samples of the donning are not in the record)" if verdict.calibration == "unchecked" else ""
    print(f"calibration: {verdict.calibration}{why}")
    n = verdict.checked_beats
    beats = f"{n} beat{'s' if n > 1 else ''}, " if n else ""
    print(
        f"checked: {verdict.checked_strides} of {verdict.strides} strides, {verdict.checked_cues} cues, {beats}"
        f"{100 * verdict.checked_share:.1f} % of {verdict.batches} batches{_from_states(verdict)}"
    )
    for loss in verdict.loss:
        note(f"Loss: {loss}")
    if not verdict.closed:
        note("The session was interrupted: it has no end record.")


def _from_states(verdict: Verdict) -> str:
    """Says which part was recomputed from saved states, in how many pieces."""
    if not verdict.from_state_batches:
        return ""
    share = 100 * verdict.from_state_batches / verdict.checked_batches
    return f" ({len(verdict.sections)} parts, {'all' if share == 100 else f'{share:.1f} %'} from saved states)"
