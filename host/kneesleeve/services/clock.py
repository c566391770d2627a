"""A sleeve's clock beside this computer's: what INFO says of the time, and how far it is off."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from kneesleeve.device.sleeve import Sleeve

RIGHT_MS = 100  # the sleeve looks at its line every 20 ms: closer than a few of these nobody can tell
_TRIES = 3  # the quickest answer tells the offset best


@dataclass(frozen=True)
class ClockOffset:
    """offset_ms: the sleeve's clock less this computer's, None where the sleeve does not know the time.
    error_ms: half of the time that the answer took; the true offset lies within it."""

    offset_ms: int | None
    error_ms: int

    def __str__(self) -> str:
        if self.offset_ms is None:
            return "not set: runs have no date (sleeve time --set)"
        if abs(self.offset_ms) <= RIGHT_MS:
            return "right to a tenth of a second"
        side = "ahead of" if self.offset_ms > 0 else "behind"
        return f"{_length(abs(self.offset_ms))} {side} this computer (± {self.error_ms} ms)"


def measure(sleeve: Sleeve) -> ClockOffset:
    """Ask a few times; the quickest answer counts."""
    return min((asked(sleeve)[1] for _ in range(_TRIES)), key=lambda found: found.error_ms)


def asked(sleeve: Sleeve) -> tuple[dict[str, Any], ClockOffset]:
    """INFO, and what it says of the clock: the answer is taken to be of the middle of the time it took."""
    before_ns = time.time_ns()
    info = sleeve.info()
    after_ns = time.time_ns()
    error_ms = max(1, round((after_ns - before_ns) / 2e6))
    said = info.get("unix_ms")
    if not isinstance(said, int) or isinstance(said, bool):
        return info, ClockOffset(None, error_ms)
    return info, ClockOffset(said - round((before_ns + after_ns) / 2e6), error_ms)


def set_to_this_computer(sleeve: Sleeve) -> ClockOffset:
    """Tell the sleeve the time; returns what is left."""
    sleeve.set_time(time.time_ns() // 1_000_000)
    return measure(sleeve)


def _length(ms: int) -> str:
    if ms < 10_000:
        return f"{ms} ms"
    seconds = ms // 1000
    return f"{seconds} s" if seconds < 600 else f"{seconds // 60} min" if seconds < 36_000 else f"{seconds // 3600} h"
