"""What a file is and how much of it is readable, without judging what the run was."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from kneesleeve.errors import SessionError
from kneesleeve.sessions.api import Session, open_session
from kneesleeve.sessions.layout import CAUSES, CHIPS
from kneesleeve.sessions.losses import Loss
from kneesleeve.sessions.session import Dropout

State = Literal["clean", "loss", "damaged", "unclosed", "unusable"]
CLEAN, WITH_LOSS, UNUSABLE = 0, 3, 4
_HZ = 208


@dataclass(frozen=True)
class Missing:
    """Something that is missing, or damage that cost nothing (`records` 0).

    what, cause: in words. records: how many are missing, None if that cannot be known. from_ms, to_ms: between these
    times since the start, None where nothing tells them. block, offset: where in the file, None if not in it.
    """

    what: str
    cause: str
    records: int | None
    from_ms: float | None
    to_ms: float | None
    block: int | None = None
    offset: int | None = None


@dataclass(frozen=True)
class Diagnosis:
    """state: clean, loss (something is missing), damaged (but nothing is missing), unclosed (whole, but the sleeve did
    not end it), or unusable.


    length_s: until the last batch. unknown_records: how many of types this toolkit does not know, by type.
    error, hint: for an unusable file, and then everything else is empty.
    """

    file: str
    state: State
    format: int | None = None
    device: str = ""
    session: int | None = None
    level: str = ""
    build: str = ""
    started: str | None = None
    length_s: float = 0.0
    blocks: int = 0
    records: int = 0
    strides: int = 0
    raw_batches: int = 0
    closed: bool = False
    ended_by: str = ""
    marks: list[str] = field(default_factory=list)
    unknown_records: dict[int, int] = field(default_factory=dict)
    losses: list[Missing] = field(default_factory=list)
    dropouts: list[Missing] = field(default_factory=list)
    error: str = ""
    hint: str = ""

    @property
    def exit_code(self) -> int:
        """0 clean, 3 readable but damaged, with loss or unclosed, 4 unusable."""
        return {"clean": CLEAN, "unusable": UNUSABLE}.get(self.state, WITH_LOSS)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"exit_code": self.exit_code}


def examine(path: Path) -> Diagnosis:
    """Read all of a file and say how it is. What cannot be read at all is `unusable`; nothing is raised for it."""
    try:
        session = open_session(path)
    except SessionError as error:
        return Diagnosis(str(path), "unusable", error=error.message, hint=error.hint)
    return diagnosis(session)


def diagnosis(session: Session) -> Diagnosis:
    """The same of an open session. Decodes every record."""
    stream = session.contents.stream
    losses = [_missing(loss) for loss in session.losses]
    dropouts = [_dropout(session, entry) for entry in session.dropouts]
    return Diagnosis(
        file=str(session.path),
        state=_state(session),
        format=session.format,
        device=session.device,
        session=session.session,
        level=session.level,
        build=session.build,
        started=session.started.isoformat() if session.started else None,
        length_s=round(session.length_s, 3),
        blocks=stream.blocks,
        records=len(stream.records),
        strides=len(session.strides["index"]),
        raw_batches=len(session.batches["batch"]),
        closed=session.closed,
        ended_by=session.ended_by,
        marks=session.marks,
        unknown_records=session.unknown_records,
        losses=losses,
        dropouts=dropouts,
    )


def _state(session: Session) -> State:
    if session.dropouts or any(loss.missing for loss in session.losses):
        return "loss"
    if session.losses:
        return "damaged"
    return "clean" if session.closed else "unclosed"


def _missing(loss: Loss) -> Missing:
    return Missing(loss.what, loss.where, loss.records, loss.from_ms, loss.to_ms, loss.block, loss.offset)


def _dropout(session: Session, entry: Dropout) -> Missing:
    """Samples that the sleeve lost: from the batch before them to the next recorded one, or as long as they last."""
    clock, recorded = session.contents.clock, session.batches["batch"]
    from_ms = float(clock.ms(entry.batch))
    place = int(recorded.searchsorted(entry.batch, "right"))
    after_ms = float(clock.ms(recorded[place])) if place < len(recorded) else from_ms
    to_ms = max(after_ms, from_ms + entry.samples * 1000 / _HZ)
    chip = CHIPS.get(entry.chip, f"chip {entry.chip}")
    cause = CAUSES[session.format].get(entry.cause, f"cause {entry.cause}")
    what = f"{entry.samples or 'an unknown number of'} samples lost, {chip}"
    return Missing(what, f"the sleeve: {cause}", 0, round(from_ms, 3), round(to_ms, 3))
