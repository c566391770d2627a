"""What a sleeve's sessions are: its list, and for each what its META says of the start and the level."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kneesleeve.device.answers import SessionEntry
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import SessionError
from kneesleeve.sessions.layout import BLOCK, LEVELS, META
from kneesleeve.sessions.stream import read_stream
from kneesleeve.sessions.when import started_at

_HEAD = 2048  # bytes of a session that hold its header and META


@dataclass(frozen=True)
class Listed:
    """entry: as the sleeve lists it. started: in UTC, None if the sleeve did not know the time, or nobody asked.
    level: strides, windows or raw, "" where META cannot be read."""

    entry: SessionEntry
    started: datetime | None = None
    level: str = ""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        started = self.started.isoformat() if self.started else None
        return asdict(self.entry) | {"started": started, "level": self.level or None}


def listed(sleeve: Sleeve, *, quick: bool = False) -> Iterator[Listed]:
    """The sessions by id. quick: without a look into them (each look is 2 kB over the line)."""
    for entry in sleeve.sessions():
        yield Listed(entry) if quick else _looked_into(sleeve, entry)


def _looked_into(sleeve: Sleeve, entry: SessionEntry) -> Listed:
    head = sleeve.read(entry.id, 0, min(_HEAD, entry.bytes)) if entry.bytes else b""
    meta = _meta(head)
    level = meta.get("level")
    return Listed(entry, started_at(meta, (), float), level if level in LEVELS else "")


def _meta(head: bytes) -> dict[str, Any]:
    """What a session says of itself; {} where its first record is damaged (`pull` and `doctor` tell more)."""
    try:
        records = read_stream(Path("head"), head.ljust(BLOCK, b"\xff")).records
        meta = json.loads(records.payload(0)) if len(records) and records.kinds[0] == META else {}
    except (SessionError, ValueError, RecursionError):
        return {}
    return meta if isinstance(meta, dict) else {}
