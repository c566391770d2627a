"""What INFO says, in the words of a person."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from kneecore import fault_table, params
from kneesleeve.services.clock import ClockOffset

# Resting voltage of a LiPo cell, mV, and what is left in it, %: an estimate, good for a fifth either way. Below 3300 mV
# a cell must not be used, from 3500 mV on it should be charged.
_CHARGE = ((3300, 0), (3500, 5), (3700, 20), (3750, 35), (3800, 50), (3900, 65), (4000, 80), (4100, 90), (4200, 100))
CHARGE_SOON_MV = 3500


def about(info: Mapping[str, Any], clock: ClockOffset) -> dict[str, str]:
    """Name -> what it is, in the order in which people look for it. What is missing is a question mark."""
    return {
        "sleeve": f"{info.get('device', '?')} ({info.get('board', '?')}), {info.get('state', '?')}",
        "firmware": f"{info.get('build', '?')}, protocol {info.get('protocol', '?')}",
        "parameters": f"table {info.get('schema', '?')}",
        "battery": battery(info.get("battery_mv")),
        "runs": f"{info.get('sessions', '?')} on the sleeve, room for {_room(info.get('free_bytes'))}",
        "clock": str(clock),
        "last fault": fault(info.get("last_fault")),
        "started": f"{info.get('boot', '?')} times, last by {str(info.get('reset_cause', '?')).replace('_', ' ')}",
        "recording": f"level {info.get('record_level', '?')}",
        "settings": settings(info.get("params")),
        "problem": str(info.get("problem") or "none"),
    }  # fmt: skip


def battery(mv: object) -> str:
    """Volts, and about how full that is."""
    if not isinstance(mv, int) or isinstance(mv, bool):
        return "unknown"
    percent = 0.0
    for (low, least), (high, most) in pairwise(_CHARGE):
        if mv >= low:
            percent = least + (most - least) * (min(mv, high) - low) / (high - low)
    soon = "; charge it soon" if mv <= CHARGE_SOON_MV else ""
    return f"{mv / 1000:.2f} V, about {5 * round(percent / 5)} % (estimate){soon}"


def fault(code: object) -> str:
    """A fault with what to do about it."""
    if code == 0:
        return "none"
    if not isinstance(code, int) or code not in fault_table.TABLE:
        return f"{code}, not known to this toolkit"
    _, meaning, advice = fault_table.TABLE[code]
    return f"{meaning}: {advice}" if advice else meaning


def settings(said: object) -> str:
    """The detector's parameters that are not at their defaults."""
    if not isinstance(said, dict):
        return "unknown"
    usual = params.defaults()
    changed = [f"{name} = {value}" for name, value in sorted(said.items()) if usual.get(name) != value]
    return ", ".join(changed) or "all at their defaults (sleeve config show)"


def _room(free_bytes: object) -> str:
    if not isinstance(free_bytes, int) or isinstance(free_bytes, bool):
        return "an unknown number of bytes"
    hours = free_bytes / 302_400  # 4 hours of strides: docs/format.md
    return (
        f"{free_bytes / 1e6:.1f} MB, some {hours:.0f} hours of strides" if hours >= 1 else f"{free_bytes / 1e6:.1f} MB"
    )
