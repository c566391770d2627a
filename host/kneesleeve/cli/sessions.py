"""`sleeve sessions`: the runs on a sleeve."""

from __future__ import annotations

from dataclasses import asdict

from kneesleeve.cli.options import Device, Json
from kneesleeve.cli.output import note, print_json, print_table
from kneesleeve.device.connect import connect


def command(device: Device = None, as_json: Json = False) -> None:
    """List the runs on a sleeve."""
    with connect(device) as sleeve:
        entries = sleeve.sessions()
    if as_json:
        print_json([asdict(entry) for entry in entries])
    elif entries:
        print_table(
            ("session", "bytes", "closed", "verified"), [(e.id, e.bytes, e.closed, e.verified) for e in entries]
        )
    else:
        note("There are no sessions on the sleeve.")
