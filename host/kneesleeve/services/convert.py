"""A session as a table for other programs: strides, samples or events, with what a reader must know beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from kneesleeve.errors import SessionError, UsageError
from kneesleeve.services.convert_writers import WRITERS
from kneesleeve.sessions.api import Session, open_session

What = Literal["strides", "samples", "events"]
Columns = dict[str, NDArray[Any]]
_AXES = "xyz"


@dataclass(frozen=True)
class Converted:
    """What was written. files: the table, and for csv its metadata. loss: the session is damaged or was not closed."""

    files: list[Path]
    what: str
    rows: int
    columns: list[str]
    loss: bool

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"files": [str(path) for path in self.files]}


def convert(source: Path, out: Path, what: str = "strides") -> Converted:
    """Write a session's strides, samples or events to `out`, whose suffix names the format: .csv, .parquet or .npz.

    Raises UsageError for another suffix or another `what`, SessionError for a session that is not readable or has no
    raw samples, SleeveError where `out` cannot be written or a library is missing.
    """
    writer = _writer(out)
    if what not in get_args(What):
        raise UsageError(f"There is nothing called {what!r} in a session.", hint=f"--what {'|'.join(get_args(What))}")
    session = open_session(source)
    columns = columns_of(session, what)
    meta = metadata(session, what, list(columns))
    files = writer(out, columns, meta)
    rows = len(next(iter(columns.values())))
    return Converted(files, what, rows, list(columns), bool(meta["losses"] or meta["dropouts"] or not meta["closed"]))


def columns_of(session: Session, what: str) -> Columns:
    """The table: `time_s` (since the start) first, then `wall_time` (UTC) where it is known, then the rest."""
    table = {"strides": _strides, "samples": _samples, "events": _events}[what](session)
    time_s = table.pop("t_s")
    wall = session.wall_time(time_s)
    return {"time_s": time_s} | ({} if wall is None else {"wall_time": wall}) | table


def metadata(session: Session, what: str, columns: list[str]) -> dict[str, Any]:
    """What the table alone does not say, as plain values."""
    return {
        "what": what,
        "columns": columns,
        "source": session.path.name,
        "format": session.format,
        "device": session.device,
        "session": session.session,
        "level": session.level,
        "build": session.build,
        "started": session.started.isoformat() if session.started else None,
        "length_s": round(session.length_s, 3),
        "closed": session.closed,
        "ended_by": session.ended_by,
        "params": session.params,
        "calibration": None if session.calibration is None else list(session.calibration),
        "losses": [asdict(loss) for loss in session.losses],
        "dropouts": [entry._asdict() for entry in session.dropouts],
        "meta": session.meta,
    }


def _strides(session: Session) -> Columns:
    return session.strides | {"t_s": session.strides["ic_s"]}


def _events(session: Session) -> Columns:
    return dict(session.events)


def _samples(session: Session) -> Columns:
    """Both chips' samples below each other, in the order of time: each has its own clock, so they share no rows."""
    if not len(session.batches["batch"]):
        raise SessionError(
            f"{session.path} holds no raw samples (level {session.level}).", hint="Use --what strides or --what events."
        )
    t_s = np.concatenate((session.shank_t_s, session.thigh_t_s))
    order = np.argsort(t_s, kind="stable")
    shank, thigh = len(session.shank_t_s), len(session.thigh_t_s)
    table: Columns = {"t_s": t_s, "chip": np.repeat(["shank", "thigh"], (shank, thigh)), "batch": _batches(session)}
    for name, unit in (("gyro", "dps"), ("accel", "g")):
        both = np.concatenate([getattr(session, f"{chip}_{name}_{unit}") for chip in ("shank", "thigh")])
        table |= {f"{name}_{axis}_{unit}": both[:, i] for i, axis in enumerate(_AXES)}
    table["flex_mv"] = np.repeat(np.tile(session.batches["flex_mv"], 2), _counts(session))
    return {name: column[order] for name, column in table.items()}


def _batches(session: Session) -> NDArray[np.int64]:
    return np.repeat(np.tile(session.batches["batch"], 2), _counts(session))


def _counts(session: Session) -> NDArray[np.int64]:
    return np.concatenate((session.batches["shank_samples"], session.batches["thigh_samples"]))


def _writer(out: Path) -> Any:
    suffix = out.suffix.lower()
    if suffix == ".fit":
        raise UsageError("FIT files cannot be written yet.", hint="Use a name that ends in .csv, .parquet or .npz.")
    if suffix not in WRITERS:
        raise UsageError(f"{out}: no known format.", hint=f"Use a name that ends in {', '.join(WRITERS)}.")
    return WRITERS[suffix]
