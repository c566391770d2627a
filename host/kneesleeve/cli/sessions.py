"""`sleeve sessions`: the runs on a sleeve."""

from __future__ import annotations

from typing import Annotated

import typer

from kneesleeve.cli.options import Device, Json
from kneesleeve.cli.output import note, print_json, print_table
from kneesleeve.device.connect import connect
from kneesleeve.services.listing import Listed, listed
from kneesleeve.sessions.when import begin_in_words

_HEAD = ("session", "when", "level", "bytes", "closed", "verified")


def command(
    quick: Annotated[bool, typer.Option("--quick", help="Without date and level of each run.")] = False,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """List the runs on a sleeve: when they were, how large they are, and whether they are safe on a computer."""
    with connect(device) as sleeve:
        found = list(listed(sleeve, quick=quick))
    if as_json:
        print_json([one.as_json() for one in found])
    elif found:
        print_table(_HEAD, [_row(one, quick) for one in found])
        if not quick and any(one.started is None for one in found):
            note("unknown: no computer had told the sleeve the time when that run began; a pull does.")
    else:
        note("There are no sessions on the sleeve.")


def _row(one: Listed, quick: bool) -> tuple[object, ...]:
    e = one.entry
    when = "-" if quick else begin_in_words(one.started)
    return e.id, when, one.level or "-", e.bytes, e.closed, e.verified
