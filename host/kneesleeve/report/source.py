"""What the report needs of a session: nothing else of it is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kneesleeve.recordings.drain import Drained

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class SessionLike(Protocol):
    """A session as `kneesleeve.sessions.open_session` gives it.

    calibration: the 32 integers of docs/detector.md §3.5 (of a refusal too), or None. strides: tuples in the order of
    `kneecore.stride.FIELD_NAMES`. events: (batch, code, argument). dropouts: (batch, chip, cause, samples lost).
    losses: what of the file could not be read, in words. certain_batch: up to this one nothing is missing.
    """

    @property
    def path(self) -> Path: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...
    @property
    def calibration(self) -> tuple[int, ...] | None: ...
    @property
    def accepted_batch(self) -> int: ...
    @property
    def drained(self) -> Drained: ...
    @property
    def strides(self) -> Sequence[Sequence[int]]: ...
    @property
    def events(self) -> Sequence[Any]: ...
    @property
    def dropouts(self) -> Sequence[Any]: ...
    @property
    def losses(self) -> Sequence[Any]: ...
    @property
    def params(self) -> Mapping[str, int]: ...
    @property
    def duration_s(self) -> float: ...
    @property
    def closed(self) -> bool: ...
    @property
    def started(self) -> datetime | None: ...
    @property
    def certain_batch(self) -> int: ...
    @property
    def calibration_given(self) -> bool: ...


class VerdictLike(Protocol):
    """The outcome of `verify`: exact, differs or unverifiable.

    The share of the run that was checked (0 … 1) is read from `share` or `checked_share`, where there is one.
    """

    @property
    def verdict(self) -> str: ...
