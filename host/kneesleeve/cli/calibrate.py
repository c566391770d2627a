"""`sleeve calibrate`: what a donning found, or why it found nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kneesleeve.cli.complete import assignments
from kneesleeve.cli.options import Json
from kneesleeve.cli.output import note, print_json, print_table, print_values
from kneesleeve.cli.parameters import parse_params
from kneesleeve.errors import UsageError
from kneesleeve.report import explained_rows as rows
from kneesleeve.report.explained import Explanation
from kneesleeve.report.explained_words import headline
from kneesleeve.services.explain import explain_recording, explain_session, kind_of

_EXITS = {"exact": 0, "differs": 1, "missing": 3}


def command(
    explain: Annotated[
        Path | None,
        typer.Option("--explain", metavar="RECORDING|SESSION", help="A recording (*.npz) or a session (*.sleeve)."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Also make a page: an HTML file, or a folder for it.")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="NAME=VALUE", help="Repeatable.", autocompletion=assignments),
    ] = None,
    as_json: Json = False,
) -> int:
    """Tell whether a donning went well, and what it found: axes, flex map, quality, or why it was refused.

    Exit code: 0 explained (refused too), 1 the session recorded something else, 3 its samples end too early.
    """
    if explain is None:
        raise UsageError(
            "Guided calibration on a sleeve is not built yet.",
            hint="What works now: sleeve calibrate --explain RECORDING|SESSION.",
        )
    found = _explained(explain, param or [])
    page = _page(found, explain, out) if out else None
    if as_json:
        print_json({"headline": headline(found), "page": page and str(page)} | found.as_json())
    else:
        _print(found)
        if page:
            print(f"\npage: {page}")
    return _EXITS[found.recorded.state] if found.recorded else 0


def _explained(path: Path, words: list[str]) -> Explanation:
    if kind_of(path) == "recording":
        from kneesleeve.recordings import load_recording

        loaded = load_recording(path)
        for warning in loaded.warnings:
            note(f"warning: {warning}")
        return explain_recording(loaded, parse_params(words, side=loaded.side))
    from kneesleeve.sessions.reader import open_session

    if words:
        raise UsageError("A session has its own parameters.", hint="Use --param with a recording.")
    session = open_session(path)
    for loss in session.losses:
        note(f"Loss: {loss}")
    return explain_session(session)


def _page(found: Explanation, source: Path, out: Path) -> Path:
    from kneesleeve.report.calibration_page import write_calibration_page

    if out.exists() and out.samefile(source):
        raise UsageError(f"--out {out} is the file that is explained.", hint="Name another place for the page.")
    return write_calibration_page(found, out / f"{source.stem}-calibration.html" if out.is_dir() else out)


def _print(found: Explanation) -> None:
    print(headline(found) + "\n")
    print_values(dict(rows.facts(found)))
    for head, body in (rows.squat_table(found), rows.sensor_table(found)):
        if body:
            print()
            print_table(head, body)
    score = rows.score_table(found)
    if score[1]:
        print()
        print_table(*score)
