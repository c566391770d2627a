"""Between which times something is missing, and up to which batch nothing is."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kneesleeve.sessions.clock import Clock
from kneesleeve.sessions.losses import Loss

NO_BATCH = -1
_PENDING = 32  # batches of one RAW record of format 2: so many may be unwritten when a record of a later one stands


class Spans:
    """First and last batch of every record, in the order of the file."""

    def __init__(self, spans: array[int], raw: Sequence[int]) -> None:
        """spans: first, last, first, last, …, NO_BATCH where a record has none; raw: indices of RAW records."""
        pairs = np.array(spans, np.int64).reshape(-1, 2)
        self._first, self._last = pairs[:, 0], pairs[:, 1]
        self._highest = np.maximum.accumulate(np.maximum(self._last, 0))
        self._raw = np.array([i for i in raw if pairs[i, 0] != NO_BATCH], np.int64)
        self._known = np.flatnonzero(self._first != NO_BATCH)

    def highest(self, before: int) -> int:
        """The highest batch in the records before index `before`, 0 for none."""
        return int(self._highest[before - 1]) if before else 0

    def last_raw(self, before: int) -> tuple[int, int] | None:
        """The batches of the last RAW record before index `before`."""
        k = int(np.searchsorted(self._raw, before)) - 1
        return (int(self._first[self._raw[k]]), int(self._last[self._raw[k]])) if k >= 0 else None

    def next(self, start: int) -> int | None:
        """The first batch of the first record from index `start` on that has one."""
        k = int(np.searchsorted(self._known, start))
        return int(self._first[self._known[k]]) if k < len(self._known) else None

    def certain(self, before: int) -> int:
        """The last batch that is complete in the records before this index.

        Strides and events of a RAW record's batches may still come behind it; so it takes a record of a later batch to
        be sure of them.
        """
        raw, highest = self.last_raw(before), self.highest(before)
        if raw is None:
            return max(highest - 1, 0)
        return raw[1] if highest > raw[1] else raw[0] - 1


def timed(loss: Loss, spans: Spans, clock: Clock, version: int) -> Loss:
    """The loss with the times between which something is missing, where records around it tell them."""
    if not loss.missing:
        return loss
    last, raw = spans.highest(loss.before), spans.last_raw(loss.before)
    if raw and version > 1:
        last = max(raw[1], last - _PENDING)
    after = None if loss.records is None else spans.next(loss.before)  # None: nobody knows where it ends
    from_ms = float(clock.ms(last))
    to_ms = None if after is None else round(max(from_ms, float(clock.ms(after))), 3)
    return replace(loss, from_ms=round(from_ms, 3), to_ms=to_ms)
