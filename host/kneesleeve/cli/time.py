"""`sleeve time`: the sleeve's clock."""

from __future__ import annotations

from typing import Annotated

import typer

from kneesleeve.cli.options import Device, Json
from kneesleeve.cli.output import note, print_json
from kneesleeve.device.connect import connect
from kneesleeve.services.clock import measure, set_to_this_computer

_KEPT = "It is kept until the sleeve is switched off or reset; every pull sets it again."


def command(
    set_it: Annotated[bool, typer.Option("--set", help="Set it to this computer's time.")] = False,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Compare a sleeve's clock with this computer's, or set it. A run gets its date from it."""
    with connect(device) as sleeve:
        before = measure(sleeve)
        now = set_to_this_computer(sleeve) if set_it else before
    if as_json:
        print_json({"offset_ms": now.offset_ms, "error_ms": now.error_ms, "was_offset_ms": before.offset_ms})
        return
    print(f"The sleeve's clock is {now}.")
    if set_it:
        note(f"It was {before}. {_KEPT}")
