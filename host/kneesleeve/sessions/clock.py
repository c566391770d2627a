"""Batch numbers to times since the session's start, from the recorded `ticks_us`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kneesleeve.recordings.drain import BATCH_US

TICKS = 1 << 30  # the sleeve's clock counts microseconds modulo this, 17.9 minutes


def unwrapped(batch: NDArray[np.int64], ticks_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times that go on past the counter's turns, int64 [B]; the first is kept as it is.

    Between two recorded batches, minutes may lie (raw windows): as many turns are added as bring the time nearest to
    20 ms a batch.
    """
    if not len(batch):
        return np.zeros(0, np.int64)
    nominal = np.diff(batch) * BATCH_US
    short = (np.diff(ticks_us) - nominal) % TICKS
    steps = nominal + np.where(short >= TICKS // 2, short - TICKS, short)
    return ticks_us[0] + np.concatenate(([0], np.cumsum(steps)))


class Clock:
    """Batch numbers (from 1; 0 is the start of the FIFOs, where time begins) to milliseconds.

    Between recorded batches it goes straight on, beyond them 20 ms a batch.
    """

    def __init__(self, batch: NDArray[np.int64], ticks_us: NDArray[np.int64]) -> None:
        self.us = unwrapped(batch, ticks_us)  # int64 [B], of the recorded batches
        if len(batch):
            self.us = self.us + max(0, round((int(batch[0]) * BATCH_US - int(self.us[0])) / TICKS)) * TICKS
        self._batch = np.concatenate(([0], batch)).astype(np.float64)
        self._ms = np.concatenate(([0], self.us)) / 1000

    def ms(self, batch: ArrayLike) -> NDArray[np.float64]:
        """When batches were drained, milliseconds since the session's start, any shape."""
        number = np.asarray(batch, np.float64)
        beyond = np.maximum(number - self._batch[-1], 0)
        return np.interp(number, self._batch, self._ms) + beyond * (BATCH_US / 1000)
