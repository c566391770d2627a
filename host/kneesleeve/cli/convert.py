"""`sleeve convert`: a session as a table for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kneesleeve.cli.options import Json
from kneesleeve.cli.output import note, print_json
from kneesleeve.services.convert import convert

WITH_LOSS = 3


def command(
    session: Annotated[Path, typer.Argument(metavar="SESSION", help="A session file (*.sleeve).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The table; its end names the format: .csv .parquet .npz")],
    what: Annotated[str, typer.Option("--what", metavar="strides|samples|events")] = "strides",
    as_json: Json = False,
) -> int:
    """Write a session's strides, samples or events as CSV, Parquet or npz; the units are in the columns' names.

    Exit code: 0 done, 3 done but the session has losses or was not closed, 4 unusable, or no raw samples in it.
    """
    done = convert(session, out, what)
    if as_json:
        print_json(done.as_json())
    else:
        for path in done.files:
            print(path)
        note(f"{done.rows} {done.what}, {len(done.columns)} columns.")
    if done.loss:
        note(f"{session} is not whole: `sleeve doctor` tells what is missing.")
    return WITH_LOSS if done.loss else 0
