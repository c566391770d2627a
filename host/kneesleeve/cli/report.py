"""`sleeve report`: a page of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kneesleeve.cli.options import Json
from kneesleeve.cli.output import print_json


def command(
    session: Annotated[Path, typer.Argument(metavar="SESSION", help="A session file (*.sleeve).")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The page; SESSION with .html at its end if not given.")
    ] = None,
    json_: Json = False,
) -> None:
    """Make one HTML page of a run, for runner and coach; it opens anywhere, also offline."""
    from kneesleeve.report.model import build
    from kneesleeve.report.page import write_report
    from kneesleeve.services.verify import verify
    from kneesleeve.sessions.reader import open_session

    run = open_session(session)
    model = build(run)
    path = write_report(run, out or session.with_suffix(".html"), verdict=verify(run), model=model)
    if json_:
        print_json({"report": str(path)} | model.facts.as_json())
    else:
        print(path)
