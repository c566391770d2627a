"""When a run was, in the words of a calendar; and that nobody knows, where nobody does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a list of sessions needs dates, and no NumPy
    from kneesleeve.sessions.session import Time

UNKNOWN = "date and time unknown: no computer had told the sleeve the time"
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 4_102_444_800_000  # 2000 … 2100: anything else is no time


def started_at(meta: Mapping[str, Any], times: Sequence[Time], ms_of: Any) -> datetime | None:
    """The start of a session (UTC): META's, else from the first TIME record; None if the sleeve never knew.

    ms_of: batch number -> milliseconds since the start.
    """
    known = meta.get("started")
    if isinstance(known, int) and _EARLIEST_MS <= known < _LATEST_MS:
        return _utc(known)
    for time in times:
        if _EARLIEST_MS <= time.unix_ms < _LATEST_MS:
            return _utc(time.unix_ms - float(ms_of(time.batch)))
    return None


def _utc(unix_ms: float) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=unix_ms)


def begin_in_words(started: datetime | None, zone: tzinfo | None = None) -> str:
    """The day and the minute, in `zone` (None: this computer's)."""
    if started is None:
        return "unknown"
    t = started.astimezone(zone)
    return f"{t:%a} {t.day} {t:%b %Y}, {t:%H:%M}"


def in_words(started: datetime | None, length_s: float, zone: tzinfo | None = None) -> str:
    """From when to when, in `zone` (None: this computer's), with both dates where midnight lies between."""
    if started is None:
        return UNKNOWN
    begin, end = (t.astimezone(zone) for t in (started, started + timedelta(seconds=length_s)))
    offset = f"UTC{begin:%z}"[:6] + ":" + f"{begin:%z}"[3:5]
    last = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%a} {end.day} {end:%B %Y}, {end:%H:%M}"
    return f"{begin:%a} {begin.day} {begin:%B %Y}, {begin:%H:%M} to {last} ({offset})"
