"""`sleeve recover`: gets out what is readable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kneesleeve.cli.doctor import tell
from kneesleeve.cli.options import Json
from kneesleeve.cli.output import note, print_json
from kneesleeve.services.recover import Recovered, recover


def command(
    source: Annotated[
        Path, typer.Argument(metavar="FILE|IMAGE", help="A session file, or a dump of the ring or of the whole flash.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder, or for one session a name that ends in .sleeve.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    as_json: Json = False,
) -> int:
    """Write what is readable in a damaged session file or a storage dump as clean session files, one a session.

    Exit code: 0 nothing is missing, 3 something is, or a session was not closed, 4 nothing is readable.
    """
    done = recover(source, out, force=force)
    if as_json:
        print_json([one.as_json() for one in done])
    else:
        for one in done:
            _tell(one)
    return max(one.found.exit_code for one in done)


def _tell(one: Recovered) -> None:
    tell(one.found)
    if one.damaged_bytes:
        note(f"{one.path}: {one.damaged_bytes} bytes of its blocks were not readable and are left out.")
    if one.adopted:
        note(f"{one.path}: the headers of {one.adopted} blocks were damaged; their records fitted and were kept.")
