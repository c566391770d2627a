"""What the records of a session say: one pass over all of them; raw samples stay packed until somebody asks."""

from __future__ import annotations

import json
import struct
from array import array
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kneecore import params
from kneecore.stride import BATCH
from kneesleeve.sessions import raw
from kneesleeve.sessions.clock import Clock
from kneesleeve.sessions.layout import E_LEVEL, E_WINDOW, INTERRUPTED_CLOSE, LAYOUTS, RAW_LEVEL, TYPE_NAMES
from kneesleeve.sessions.losses import MOST_LOSSES, Loss
from kneesleeve.sessions.missing import NO_BATCH, Spans, timed
from kneesleeve.sessions.sections import Mark, added_up, breaks_record, sections
from kneesleeve.sessions.session import DETECTOR_STATE, Close, Dropout, Event, Section, State, Time
from kneesleeve.sessions.stream import Stream
from kneesleeve.sessions.strides import BitTable, WordTable, default_table

_CALIBRATION = struct.Struct("<I32i")
_EVENT = struct.Struct("<IHHi")
_DROPOUT = struct.Struct("<IBBHI")
_CLOSE = {1: struct.Struct("<4I"), 2: struct.Struct("<4I2i")}
_STATE = struct.Struct("<IB3x")
_TIME = struct.Struct("<IIq")
_WORD = 1 << 31
_NONSENSE = (struct.error, ValueError, TypeError, IndexError, RecursionError)


class Contents:
    """The records of a stream, taken in order. Nothing here raises: what makes no sense becomes a loss."""

    def __init__(self, path: Path, stream: Stream) -> None:
        self.path, self.stream, self.version = path, stream, stream.version
        self.meta: dict[str, Any] = {}
        self.calibration: tuple[int, ...] | None = None
        self.accepted_batch = -1
        self.strides: list[tuple[int, ...]] = []
        self.events: list[Event] = []
        self.dropouts: list[Dropout] = []
        self.states: list[State] = []
        self.times: list[Time] = []
        self.close: Close | None = None
        self._table: WordTable | BitTable = WordTable() if self.version == 1 else default_table()
        self._raw = array("I")  # indices of RAW records
        self._last_raw = 0
        self._problems: list[Loss] = []
        self._sensor_losses: list[tuple[int, int, int]] = []  # index of the DROPOUT, its batch, samples
        self._marks: list[Mark] = []  # where what can be recomputed begins and ends
        self._spans = array("i")  # first and last batch of every record
        self._take_all()

    @cached_property
    def params(self) -> dict[str, int]:
        """Every parameter, defaults where META has none."""
        recorded = self.meta.get("params")
        return params.defaults() | (recorded if isinstance(recorded, dict) else {})

    @cached_property
    def last_batch(self) -> int:
        """The highest number in any record, 0 for none."""
        return max(0, max(self._spans, default=0))

    @property
    def raw_run(self) -> raw.RawRun:
        """All raw batches, decoded."""
        return self._decoded[0]

    @cached_property
    def clock(self) -> Clock:
        """Batches to times."""
        return Clock(self.raw_run.batch, self.raw_run.ticks_us)

    @cached_property
    def certain_batch(self) -> int:
        """Up to this batch nothing is missing: not lost, not unwritten when power went, not left out by the level."""
        doubts = [loss.before for loss in self._all_losses if loss.missing]
        if not self.meta:
            return 0
        if not doubts and self.close:
            return self._recorded_until
        certain = self._places.certain(min(doubts, default=len(self.stream.records)))
        return min(certain, self._recorded_until)

    @property
    def sample_losses(self) -> list[tuple[int, int]]:
        """Where the sleeve itself lost samples and its detector knew, as (batches before it, shank samples lost)."""
        return added_up((batch, n) for _, batch, n in self._sensor_losses)

    @cached_property
    def sections(self) -> list[Section]:
        """The parts that can be recomputed. None without META: the parameters would be guessed."""
        if not self.meta or not len(self.raw_run):
            return []
        missing = sorted({loss.before for loss in self._all_losses if loss.missing})
        from_start = self.version == 1 or self.meta.get("level") == "raw"
        return sections(self._marks, self._sensor_losses, missing, self._places, len(self.stream.records), from_start)

    @property
    def _recorded_until(self) -> int:
        """The last batch to which the recording level gives every sample; where there are none, simply the last."""
        run = self.raw_run
        if not len(run) or self.version == 1:
            return self.last_batch
        if self.meta.get("level") != "raw":
            return int(np.count_nonzero(run.batch == np.arange(1, len(run) + 1)))
        stops = [event.batch - 1 for event in self.events if event.code == E_LEVEL and event.arg != RAW_LEVEL]
        return max(0, min([self.last_batch, *stops]))

    @cached_property
    def losses(self) -> list[Loss]:
        """Everything that could not be read, in order, with its times. Decodes the raw samples."""
        return [timed(loss, self._places, self.clock, self.version) for loss in self._all_losses]

    @cached_property
    def _decoded(self) -> tuple[raw.RawRun, dict[int, str]]:
        return raw.decode(self.version, [self.stream.records.payload(i) for i in self._raw])

    @cached_property
    def _all_losses(self) -> list[Loss]:
        for k, why in self._decoded[1].items():
            i = self._raw[k]
            self._unreadable(i, why)
            self._spans[2 * i] = self._spans[2 * i + 1] = NO_BATCH
        return sorted([*self.stream.losses, *self._problems], key=lambda loss: loss.before)

    @cached_property
    def _places(self) -> Spans:
        return Spans(self._spans, self._raw)

    def _take_all(self) -> None:
        takers = (
            None, self._take_meta, self._take_calibration, self._take_raw, self._take_stride, self._take_event,
            self._take_dropout, self._take_close, self._take_state, self._take_time,
        )[: LAYOUTS[self.version].types + 1]  # fmt: skip
        for i, kind in enumerate(self.stream.records.kinds):
            taker = takers[kind] if kind < len(takers) else None
            span = (NO_BATCH, NO_BATCH)
            if taker:
                try:
                    span = taker(i, self.stream.records.payload(i))
                except _NONSENSE as error:
                    self._unreadable(i, error)
            self._spans.extend(span)
        if not self.meta:
            what = "no META: parameters and build are unknown"
            self._problems.append(Loss("start of the session", what, 0, missing=False, records=0))

    def _unreadable(self, i: int, error: object) -> None:
        if len(self._problems) < MOST_LOSSES:
            record = self.stream.records[i]
            where = f"record {record.sequence} ({TYPE_NAMES[record.kind]})"
            block = self.stream.records.block_of(i)
            self._problems.append(Loss(where, f"not readable: {error}", i, True, block, record.at, 1))

    def _take_meta(self, i: int, payload: bytes) -> tuple[int, int]:
        meta = json.loads(payload)
        if not isinstance(meta, dict):
            raise ValueError("no JSON object")
        fields = meta.get("stride_fields")
        if fields:
            self._table = (WordTable if self.version == 1 else BitTable)(fields)
        self.meta = self.meta or meta
        if _is_calibration(meta.get("calibration_given")):
            self.calibration, self.accepted_batch = tuple(meta["calibration_given"]), 0
        return NO_BATCH, NO_BATCH

    def _take_calibration(self, i: int, payload: bytes) -> tuple[int, int]:
        batch, *values = _CALIBRATION.unpack_from(payload)
        span = _span(batch)
        if not _is_calibration(self.meta.get("calibration_given")):
            self.calibration, self.accepted_batch = tuple(values), batch
        return span

    def _take_raw(self, i: int, payload: bytes) -> tuple[int, int]:
        first, last = raw.span(self.version, payload)
        if not self._last_raw < first <= last <= raw.MAX_BATCH:
            raise ValueError(f"RAW record of batch {first} after batch {self._last_raw}")
        self._last_raw = last
        self._raw.append(i)
        return first, last

    def _take_stride(self, i: int, payload: bytes) -> tuple[int, int]:
        values = self._table.decode(payload)
        span = _span(max(values[BATCH], 0))
        self.strides.append(values)
        return span

    def _take_event(self, i: int, payload: bytes) -> tuple[int, int]:
        batch, code, _, arg = _EVENT.unpack_from(payload)
        span = _span(batch)
        self.events.append(Event(batch, code, arg))
        if code == E_WINDOW and not arg:
            self._marks.append(Mark(i, batch))
        elif code == E_LEVEL and arg != RAW_LEVEL:
            self._marks.append(Mark(i, batch - 1))
        return span

    def _take_dropout(self, i: int, payload: bytes) -> tuple[int, int]:
        batch, chip, cause, _, samples = _DROPOUT.unpack_from(payload)
        span = _span(batch)
        dropout = Dropout(batch, chip, cause, samples)
        self.dropouts.append(dropout)
        if self.version == 1 or breaks_record(dropout):
            self._marks.append(Mark(i, batch - 1))
        else:
            self._sensor_losses.append((i, batch, samples))
        return span

    def _take_close(self, i: int, payload: bytes) -> tuple[int, int]:
        close = Close(*_CLOSE[self.version].unpack_from(payload))
        span = _span(close.batch)
        self.close = close
        self._marks.append(Mark(i, close.batch - (close.reason == INTERRUPTED_CLOSE)))  # it broke off within a batch
        return span

    def _take_state(self, i: int, payload: bytes) -> tuple[int, int]:
        batch, kind = _STATE.unpack_from(payload)
        span = _span(batch)
        state = State(batch, kind, payload[_STATE.size :])
        self.states.append(state)
        if kind == DETECTOR_STATE:
            self._marks.append(Mark(i, batch, state))
        return span

    def _take_time(self, i: int, payload: bytes) -> tuple[int, int]:
        time = Time(*_TIME.unpack_from(payload))
        span = _span(time.batch)
        self.times.append(time)
        return span


def _span(batch: int) -> tuple[int, int]:
    """Of a record that belongs to one batch."""
    if batch > raw.MAX_BATCH:
        raise ValueError(f"there is no batch {batch}")
    return batch, batch


def _is_calibration(value: Any) -> bool:
    """True for the 32 integers of a calibration record."""
    words = isinstance(value, list) and len(value) == 32
    return words and all(isinstance(v, int) and -_WORD <= v < _WORD for v in value)
