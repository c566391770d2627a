"""`sleeve doctor`: what a session file is, and what of it is missing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from kneesleeve.cli.guard import report_error
from kneesleeve.cli.options import Json
from kneesleeve.cli.output import print_json
from kneesleeve.errors import SessionError
from kneesleeve.services.doctor import Diagnosis, Missing, examine
from kneesleeve.sessions.when import in_words

_MOST_SHOWN = 40


def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Session files (*.sleeve).")],
    as_json: Json = False,
) -> int:
    """Tell what a session file is, how long, whether it was closed, and everything that is missing from it.

    Exit code: 0 clean, 3 readable with loss or not closed, 4 unusable; of several files the highest.
    """
    found = [examine(file) for file in files]
    if as_json:
        print_json([one.as_json() for one in found])
    for one in found:
        if one.state == "unusable":
            report_error(SessionError(one.error, hint=one.hint))
        elif not as_json:
            tell(one)
    return max(one.exit_code for one in found)


def tell(one: Diagnosis) -> None:
    """The diagnosis in words, on stdout."""
    print(f"{one.file}: {one.state}")
    print(f"  session {one.session} of {one.device}, format {one.format}, level {one.level}, build {one.build or '-'}")
    print(f"  {one.length_s:.1f} s, {one.strides} strides, {one.raw_batches} raw batches")
    print(f"  {in_words(datetime.fromisoformat(one.started) if one.started else None, one.length_s or 0.0)}")
    print(f"  {one.records} records in {one.blocks} blocks; {_end(one)}")
    if one.unknown_records:
        kinds = ", ".join(f"{n} of type {kind}" for kind, n in one.unknown_records.items())
        print(f"  records of types this toolkit does not know: {kinds}")
    missing = [*one.losses, *one.dropouts]
    for entry in missing[:_MOST_SHOWN]:
        print(f"  {_range(entry)}: {entry.what} ({entry.cause})")
    if len(missing) > _MOST_SHOWN:
        print(f"  and {len(missing) - _MOST_SHOWN} more; --json lists all")


def _end(one: Diagnosis) -> str:
    marks = f", marked {' and '.join(one.marks)}" if one.marks else ""
    return (f"closed by {one.ended_by}" if one.closed else "not closed: it was interrupted") + marks


def _range(entry: Missing) -> str:
    if entry.from_ms is None:
        return "no time" if entry.records == 0 else "at an unknown time"
    return f"{entry.from_ms:.0f} ms to {'the end' if entry.to_ms is None else f'{entry.to_ms:.0f} ms'}"
