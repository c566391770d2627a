"""`sleeve info`: what a sleeve is, and how it is."""

from __future__ import annotations

from kneesleeve.cli.options import Device, Json
from kneesleeve.cli.output import print_json, print_values
from kneesleeve.device.connect import connect
from kneesleeve.services.about import about
from kneesleeve.services.clock import asked


def command(device: Device = None, as_json: Json = False) -> None:
    """What a sleeve is, and how it is. It must be at rest, not in a run."""
    with connect(device) as sleeve:
        info, clock = asked(sleeve)
    if as_json:
        print_json(info | {"clock_offset_ms": clock.offset_ms, "clock_error_ms": clock.error_ms})
    else:
        print_values(dict(about(info, clock)))
