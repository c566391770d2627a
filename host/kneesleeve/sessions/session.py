"""What a session file says, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from kneesleeve.recordings.drain import BATCH_US, Drained
from kneesleeve.sessions.layout import EVENT_NAMES
from kneesleeve.sessions.losses import Loss


class Event(NamedTuple):
    """One EVENT record: code and argument as in docs/format.md."""

    batch: int
    code: int
    arg: int

    @property
    def name(self) -> str:
        """The code in words."""
        return EVENT_NAMES[self.code] if self.code < len(EVENT_NAMES) else f"event_{self.code}"


class Dropout(NamedTuple):
    """Samples the sleeve itself lost. chip: 0 shank, 1 thigh, 2 both; samples: 0 = unknown."""

    batch: int
    chip: int
    cause: int
    samples: int


class Close(NamedTuple):
    """The end of a session that was closed; reason: 1 button, 2 interrupted, 3 fault, 4 storage full.

    thigh_ppm: the thigh's clock against the shank's; shank_ppm: the shank's against the board's; None in version 1.
    """

    batch: int
    strides: int
    cues: int
    reason: int
    thigh_ppm: int | None = None
    shank_ppm: int | None = None


DETECTOR_STATE = 1  # the only kind of STATE there is


class State(NamedTuple):
    """The detector's state after a batch, as `kneecore`'s `Pipeline.save` gave it."""

    batch: int
    kind: int
    data: bytes


class Section(NamedTuple):
    """A part that can be recomputed: of the batches first … last nothing is missing, not a sample, not a stride, not an
    event. state: the detector's state that it begins with, None: the session's start. losses: where the sleeve itself
    lost samples since then, as (batch before it, shank samples), ascending.
    """

    state: State | None
    first: int
    last: int
    losses: tuple[tuple[int, int], ...] = ()


class Time(NamedTuple):
    """What the board's clock meant in wall time. batch: 0 before the first; unix_ms: milliseconds since 1970, UTC."""

    batch: int
    ticks_ms: int
    unix_ms: int


@dataclass(frozen=True)
class Session:
    """A session as far as it could be read.

    params: every parameter, defaults where META has none.
    calibration: the 32 integers of docs/detector.md §3.5 (of a refusal too), or None.
    accepted_batch: its batch, 0 where META gives the calibration, -1 for None.
    drained: batches 1 … J; a batch without a RAW record has 0 samples.
    strides: one tuple of `kneecore.stride.FIELD_NAMES` integers each.
    losses: what could not be read, in words.
    certain_batch: up to this batch nothing is missing from the file. last_batch: the highest number in any record.
    version: of the format. states, times: empty in version 1. length_s: from the start of the FIFOs to the last batch.
    sections: what can be recomputed. started: in UTC, None if the sleeve did not know the time.
    """

    path: Path
    session_id: int
    meta: dict[str, Any]
    params: dict[str, int]
    calibration: tuple[int, ...] | None
    accepted_batch: int
    drained: Drained
    strides: list[tuple[int, ...]]
    events: list[Event]
    dropouts: list[Dropout]
    close: Close | None
    losses: list[Loss] = field(default_factory=list)
    certain_batch: int = 0
    last_batch: int = 0
    version: int = 1
    states: list[State] = field(default_factory=list)
    times: list[Time] = field(default_factory=list)
    length_s: float | None = None
    sections: list[Section] = field(default_factory=list)
    started: datetime | None = None

    @property
    def closed(self) -> bool:
        """True if the sleeve ended the session itself."""
        return self.close is not None

    @property
    def whole(self) -> bool:
        """True if it was closed and nothing is missing, neither in the file nor in the samples."""
        return self.closed and not self.losses and not self.dropouts

    @property
    def calibration_given(self) -> bool:
        """True if the calibration was handed to the sleeve instead of found in a donning."""
        return self.meta.get("calibration_given") is not None

    @property
    def duration_s(self) -> float:
        """Length in seconds, on the sleeve's clock where raw samples are there, else 20 ms a batch."""
        if self.length_s is not None:
            return self.length_s
        ticks_us = self.drained.ticks_us
        if len(ticks_us) > 1:
            return (int(ticks_us[-1]) - int(ticks_us[0]) + BATCH_US) / 1e6
        return self.last_batch * BATCH_US / 1e6
