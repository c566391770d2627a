"""`sleeve erase`: let a sleeve erase runs."""

from __future__ import annotations

from typing import Annotated

import typer

from kneesleeve.cli.options import Device
from kneesleeve.cli.output import note
from kneesleeve.device.connect import connect
from kneesleeve.errors import DeviceError

REFUSED = 1


def command(
    sessions: Annotated[
        list[int], typer.Argument(metavar="SESSION...", help="Numbers, as `sleeve sessions` lists them.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Also runs that no pull has verified: they are lost.")] = False,
    device: Device = None,
) -> int:
    """Give runs up: they are not listed any more, and the sleeve erases them at rest when it needs their room.

    A run that no pull has verified is refused, unless --force is given.
    """
    refused = 0
    with connect(device) as sleeve:
        for session_id in sessions:
            try:
                sleeve.erase(session_id, force=force)
                print(session_id)
            except DeviceError as error:
                refused += 1
                note(f"Session {session_id}: {error.message} {error.hint}")
    return REFUSED if refused else 0
