"""Faults a scenario can ask for, by name. What is not in the table is refused before the sleeve starts.

| name | fields | what happens |
|---|---|---|
| `imu_wrong_id` | chip, who_am_i (0..255, default 0x00) | the chip reports another identity |
| `imu_nack` | chip, at_ms, for_ms, since ("motion" or "boot") | transfers to the chip fail with ENODEV |
| `link_byte_flip` | at_byte (1 = the first) | one bit of that byte flips, once |
| `link_loss`, `link_duplicate`, `link_flip` | ppm, seed (default 0) | bytes in a million are lost, doubled, flipped |
| `link_stall` | at_byte, for_ms | nothing arrives for so long behind that byte, once |
| `link_cut` | at_byte | the cable is pulled behind that byte |
| `link_rubbish_above` | baud | at a higher rate only rubbish arrives, at both ends |

Those of the link, but the last, take `toward`: "host" (default; bytes from the device) or "device".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kneesleeve.errors import ConfigError

_CHIPS = ("thigh", "shank")
_FIELDS: dict[str, tuple[set[str], set[str]]] = {  # name: (required, optional)
    "imu_wrong_id": ({"chip"}, {"who_am_i"}),
    "imu_nack": ({"chip", "at_ms", "for_ms"}, {"since"}),
    "link_byte_flip": ({"at_byte"}, {"toward"}),
    "link_loss": ({"ppm"}, {"seed", "toward"}),
    "link_duplicate": ({"ppm"}, {"seed", "toward"}),
    "link_flip": ({"ppm"}, {"seed", "toward"}),
    "link_stall": ({"at_byte", "for_ms"}, {"toward"}),
    "link_cut": ({"at_byte"}, {"toward"}),
    "link_rubbish_above": ({"baud"}, set()),
}

Fault = Mapping[str, Any]


def check(fault: Fault) -> None:
    """Raise ConfigError unless `fault` is known, complete and in range."""
    name = fault.get("name")
    if name not in _FIELDS:
        raise ConfigError(f"The virtual sleeve has no fault {name!r}.", hint=f"Known faults: {', '.join(_FIELDS)}.")
    required, optional = _FIELDS[name]
    given = set(fault) - {"name"}
    if not required <= given or not given <= required | optional:
        raise ConfigError(
            f"Fault {name}: the fields {sorted(given)} do not fit.",
            hint=f"It needs {sorted(required)} and takes {sorted(optional)}.",
        )
    if "chip" in fault and fault["chip"] not in _CHIPS:
        raise ConfigError(f"Fault {name}: there is no chip {fault['chip']!r}.", hint="thigh or shank.")
    if fault.get("toward", "host") not in ("host", "device"):
        raise ConfigError(f"Fault {name}: there is no end {fault['toward']!r} of the link.", hint="host or device.")
    if "ppm" in fault and not (isinstance(fault["ppm"], int) and 0 < fault["ppm"] <= 1_000_000):
        raise ConfigError(f"Fault {name}: ppm is {fault['ppm']!r}.", hint="A whole number, 1 to 1000000.")
    for field in ("at_ms", "for_ms", "at_byte", "baud"):
        if field in fault and not (isinstance(fault[field], int) and fault[field] >= 0):
            raise ConfigError(f"Fault {name}: {field} is {fault[field]!r}.", hint="A whole number from 0 up.")


def of_chip(faults: list[Fault], chip: str) -> dict[str, Any]:
    """The entries of `chip` in scenario.json that its faults decide."""
    entries: dict[str, Any] = {"who_am_i": 0x6C, "nack_us": None, "nack_since": "motion"}
    for fault in faults:
        if fault.get("chip") != chip:
            continue
        if fault["name"] == "imu_wrong_id":
            entries["who_am_i"] = int(fault.get("who_am_i", 0))
        elif entries["nack_us"] is not None:
            raise ConfigError(f"Two imu_nack faults for the {chip}.", hint="One window a chip and scenario.")
        else:
            entries["nack_us"] = [fault["at_ms"] * 1000, (fault["at_ms"] + fault["for_ms"]) * 1000]
            entries["nack_since"] = fault.get("since", "motion")
    return entries


def of_link(faults: Iterable[Fault]) -> list[Fault]:
    """Those that lie on the line."""
    return [fault for fault in faults if str(fault["name"]).startswith("link_")]
