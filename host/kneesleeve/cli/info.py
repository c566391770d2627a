"""`sleeve info`: what a sleeve is, and how it is."""

from __future__ import annotations

from kneecore import fault_table
from kneesleeve.cli.options import Device, Json
from kneesleeve.cli.output import print_json, print_values
from kneesleeve.device.connect import connect

# What people look for first; the rest follows as the sleeve sends it.
_ORDER = ("device", "state", "battery_mv", "sessions", "free_bytes", "last_fault", "board", "build", "protocol")


def command(device: Device = None, as_json: Json = False) -> None:
    """What a sleeve is, and how it is. It must be at rest, not in a run."""
    with connect(device) as sleeve:
        info = sleeve.info()
    if as_json:
        print_json(info)
        return
    fault = info.get("last_fault")
    if isinstance(fault, int) and fault in fault_table.TABLE:
        info["last_fault"] = fault_table.TABLE[fault][1]
    print_values({name: info[name] for name in sorted(info, key=_place)})


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)
