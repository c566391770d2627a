"""When things happened: sample and batch numbers to seconds, and the spans in which samples are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from kneesleeve.recordings.drain import Drained
from kneesleeve.report.source import Floats, Ints, SessionLike

NOMINAL_HZ = 208.0
BATCH_S = 0.02
_TICKS_WRAP_US = 1 << 30
_GAP_S = 0.1  # two drains further apart than this are a gap
_RATE_SPAN_S = 30.0  # a clock needs this long to be measured against the other
CAUSES = {1: "a sensor's buffer ran over", 2: "a sensor did not answer", 3: "storage could not keep up"}


@dataclass(frozen=True)
class Gap:
    """Missing samples: from, to (seconds since the recording began) and why, in words."""

    start_s: float
    end_s: float
    cause: str

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Timeline:
    """samples: int64 [R + 1] shank samples drained so far; t_s: float [R + 1] when, seconds since the recording began.

    ends_s: float [J] when each batch was drained. rate_hz: the shank IMU's rate by the sleeve's clock (208 where the
    recording is too short to tell).
    """

    samples: Ints
    t_s: Floats
    ends_s: Floats
    rate_hz: float

    def of_batch(self, batch: Ints) -> Floats:
        """Seconds at which batches (numbered from 1) were drained, any shape."""
        return batch_times_s(batch, self.ends_s)

    def of_sample(self, k: ArrayLike) -> Floats:
        """Seconds of samples, counted as they stand in the file (a lost record shifts the count), any shape."""
        index = np.asarray(k, np.float64) + 1
        if len(self.samples) < 2:
            return index / self.rate_hz
        beyond = (index - self.samples[-1]) / self.rate_hz
        return np.interp(index, self.samples, self.t_s) + np.maximum(beyond, 0.0)


def timeline(drained: Drained) -> Timeline:
    """The clock of a run; without raw samples, sample k is at k / 208 s."""
    ends_s = drain_times_s(drained)
    full = np.flatnonzero(np.asarray(drained.n_shank) > 0)
    counts = np.cumsum(np.asarray(drained.n_shank, np.int64))[full]
    samples = np.concatenate(([0], counts)).astype(np.int64)
    t_s = np.concatenate(([0.0], ends_s[full]))
    return Timeline(samples, t_s, ends_s, _rate_hz(samples, t_s))


def drain_times_s(drained: Drained) -> Floats:
    """When each batch was drained, float [J] seconds since the recording began (one batch before the first drain)."""
    ticks = np.asarray(drained.ticks_us, np.int64)
    if len(ticks) == 0:
        return np.zeros(0)
    steps = np.mod(np.diff(ticks), _TICKS_WRAP_US)
    return np.concatenate(([0], np.cumsum(steps))) / 1e6 + BATCH_S


def batch_times_s(batch: Ints, ends_s: Floats) -> Floats:
    """Seconds of batch numbers; beyond the drained ones (no raw samples), 20 ms a batch."""
    if len(ends_s) == 0:
        return batch.astype(np.float64) * BATCH_S
    row = np.clip(batch - 1, 0, len(ends_s) - 1)
    return (ends_s[row] + (batch - 1 - row) * BATCH_S).astype(np.float64)


def _rate_hz(samples: Ints, t_s: Floats) -> float:
    """Samples per second where nothing is missing, within ±10 % of 208; else 208."""
    steps_s = np.diff(t_s)
    steady = steps_s[1:] < _GAP_S
    span_s = float(steps_s[1:][steady].sum())
    if span_s < _RATE_SPAN_S:
        return NOMINAL_HZ
    rate = float(np.diff(samples)[1:][steady].sum()) / span_s
    return rate if abs(rate / NOMINAL_HZ - 1) < 0.1 else NOMINAL_HZ


def gaps(session: SessionLike, clock: Timeline) -> list[Gap]:
    """Spans in which samples are missing: reported dropouts, drains that are too far apart; in order, overlaps joined.

    Where only windows around cues are recorded, what lies between them is not missing.
    """
    ends_s = drain_times_s(session.drained)
    found = [] if in_windows(session) else _without_samples(session.drained, ends_s)
    found += [_dropout(entry, ends_s, clock.rate_hz) for entry in session.dropouts]
    return _joined(sorted(found, key=lambda gap: gap.start_s))


def in_windows(session: SessionLike) -> bool:
    """True if samples were recorded around cues only."""
    return session.meta.get("level") == "windows"


def windowed(drained: Drained) -> Drained:
    """The same, with the alignment and all integrals beginning anew in each window."""
    full = np.flatnonzero(drained.n_shank > 0)
    starts = full[1:][np.diff(full) > 1] if len(full) else full
    return replace(drained, losses=tuple((int(row), 0) for row in starts))


def _without_samples(drained: Drained, ends_s: Floats) -> list[Gap]:
    full = np.flatnonzero((drained.n_shank > 0) | (drained.n_thigh > 0))
    late = np.flatnonzero(np.diff(ends_s[full]) > _GAP_S)
    return [Gap(float(ends_s[full[i]]), float(ends_s[full[i + 1]]), "no samples were recorded") for i in late]


def _dropout(entry: Any, ends_s: Floats, rate_hz: float) -> Gap:
    batch, _, cause, lost = (int(v) for v in entry)
    end_s = float(batch_times_s(np.array([batch]), ends_s)[0])
    return Gap(max(end_s - max(lost, 1) / rate_hz, 0.0), end_s, CAUSES.get(cause, "samples were lost"))


def _joined(found: Sequence[Gap]) -> list[Gap]:
    """Overlapping gaps as one, with the cause of the later one, which is the more telling."""
    out: list[Gap] = []
    for gap in found:
        if out and gap.start_s <= out[-1].end_s:
            before = out.pop()
            out.append(Gap(before.start_s, max(before.end_s, gap.end_s), gap.cause))
        else:
            out.append(gap)
    return out
