"""Opens a session file: `open_session(path) -> Session`."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from kneecore import blocks, params
from kneecore.stride import FIELD_NAMES, NULL
from kneesleeve.errors import SessionError
from kneesleeve.sessions.raw import RawBatches
from kneesleeve.sessions.records import Record
from kneesleeve.sessions.session import Close, Dropout, Event, Session
from kneesleeve.sessions.stream import Loss, Stream, read_stream

_CALIBRATION = struct.Struct("<I32i")
_EVENT = struct.Struct("<IHHi")
_DROPOUT = struct.Struct("<IBBHI")
_CLOSE = struct.Struct("<4I")


def open_session(path: Path | str) -> Session:
    """Read a session file. What is damaged is left out and named in `losses`.

    Raises SessionError for a file that is missing, empty, no session file, or of a version or with features that
    are not known here.
    """
    path = Path(path)
    return _Builder(path, read_stream(path, read_bytes(path))).session()


def read_bytes(path: Path) -> bytes:
    """A file's bytes. Raises SessionError where it is missing, a folder, unreadable or empty."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SessionError(
            f"There is no file {path}.", hint="Check the path; `sleeve pull` fetches sessions."
        ) from None
    except IsADirectoryError:
        raise SessionError(f"{path} is a folder.", hint="Name one session file (*.sleeve) in it.") from None
    except OSError as error:
        raise SessionError(
            f"{path} cannot be read: {error.strerror}.", hint="Check the file and its permissions."
        ) from error
    if not data:
        raise SessionError(f"{path} is empty.", hint="Delete it and pull the session again.")
    return data


class _Builder:
    """Takes the records in order and remembers what they say."""

    def __init__(self, path: Path, stream: Stream) -> None:
        self._path = path
        self._stream = stream
        self._losses = list(stream.losses)
        self._meta: dict[str, Any] = {}
        self._stride_fields = FIELD_NAMES
        self._calibration: tuple[int, ...] | None = None
        self._accepted_batch = -1
        self._raw = RawBatches()
        self._strides: list[tuple[int, ...]] = []
        self._events: list[Event] = []
        self._dropouts: list[Dropout] = []
        self._close: Close | None = None
        self._last_batch = 0
        self._certain_batch: int | None = None  # None: no doubt so far
        self._takers = {
            blocks.META: self._take_meta,
            blocks.CALIBRATION: self._take_calibration,
            blocks.RAW: self._take_raw,
            blocks.STRIDE: self._take_stride,
            blocks.EVENT: self._take_event,
            blocks.DROPOUT: self._take_dropout,
            blocks.CLOSE: self._take_close,
        }

    def session(self) -> Session:
        """Everything the records say."""
        doubtful = {loss.before for loss in self._stream.losses if loss.missing}
        for i, record in enumerate(self._stream.records):
            if i in doubtful:
                self._doubt()
            self._take(i, record)
        if len(self._stream.records) in doubtful or not self._close:
            self._doubt()
        if not self._meta:
            self._losses.append(Loss("start of the session", "no META: parameters and build are unknown"))
            self._certain_batch = 0
        return Session(
            self._path, self._stream.session_id, self._meta, self._params(), self._calibration, self._accepted_batch,
            self._raw.drained(), self._strides, self._events, self._dropouts, self._close, self._losses,
            self._last_batch if self._certain_batch is None else self._certain_batch, self._last_batch,
        )  # fmt: skip

    def _doubt(self) -> None:
        """Something may be missing from here on; of the last batch seen, perhaps its stride."""
        if self._certain_batch is None:
            self._certain_batch = max(self._last_batch - 1, 0)

    def _take(self, i: int, record: Record) -> None:
        taker = self._takers.get(record.kind)
        if taker is None:
            return
        try:
            taker(record.payload)
        except (struct.error, ValueError, TypeError, IndexError) as error:
            name = blocks.TYPE_NAMES[record.kind]
            self._losses.append(Loss(f"record {record.sequence} ({name})", f"not readable: {error}", i))
            self._doubt()

    def _take_meta(self, payload: bytes) -> None:
        meta = json.loads(payload)
        if not isinstance(meta, dict):
            raise ValueError("no JSON object")
        self._meta = meta
        self._stride_fields = tuple(meta.get("stride_fields") or FIELD_NAMES)
        given = meta.get("calibration_given")
        if given is not None and _is_calibration(given):
            self._calibration, self._accepted_batch = tuple(given), 0

    def _take_calibration(self, payload: bytes) -> None:
        batch, *values = _CALIBRATION.unpack_from(payload)
        if not _is_calibration(self._meta.get("calibration_given")):
            self._calibration, self._accepted_batch = tuple(values), batch
        self._saw(batch)

    def _take_raw(self, payload: bytes) -> None:
        problem = self._raw.add(payload)
        if problem:
            raise ValueError(problem)
        self._saw(self._raw.last)

    def _take_stride(self, payload: bytes) -> None:
        values = struct.unpack_from(f"<{len(self._stride_fields)}i", payload)
        if self._stride_fields != FIELD_NAMES:
            named = dict(zip(self._stride_fields, values, strict=True))
            values = tuple(named.get(name, NULL) for name in FIELD_NAMES)
        self._strides.append(values)
        self._saw(values[-1])

    def _take_event(self, payload: bytes) -> None:
        batch, code, _, arg = _EVENT.unpack_from(payload)
        self._events.append(Event(batch, code, arg))
        self._saw(batch)

    def _take_dropout(self, payload: bytes) -> None:
        batch, chip, cause, _, samples = _DROPOUT.unpack_from(payload)
        self._dropouts.append(Dropout(batch, chip, cause, samples))
        self._saw(batch)

    def _take_close(self, payload: bytes) -> None:
        self._close = Close(*_CLOSE.unpack_from(payload))
        self._saw(self._close.batch)

    def _saw(self, batch: int) -> None:
        self._last_batch = max(self._last_batch, batch)

    def _params(self) -> dict[str, int]:
        recorded = self._meta.get("params")
        return params.defaults() | (recorded if isinstance(recorded, dict) else {})


def _is_calibration(value: Any) -> bool:
    """True for the 32 integers of a calibration record."""
    return isinstance(value, list) and len(value) == 32 and all(isinstance(v, int) for v in value)
