"""The stride records as columns: seconds, degrees, NaN where there is no value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kneecore import stride as st
from kneesleeve.report.source import Bools, Floats, Ints
from kneesleeve.report.timeline import Timeline

PAUSE_S = 2.5  # two contacts further apart than this are not one stretch of running
_USUAL_CONTACT, _AFTER_TOE_OFF = 55, 6  # samples
_FITS_S = 0.06  # three batches


@dataclass(frozen=True)
class Strides:
    """One row a reported stride, S of them. `*_deg`, `*_s`, `*_ms` are float [S], NaN = no value.

    ic, to: int64 [S] shank sample index of contact and toe-off (to = -1 if unknown). batch: in which it was completed.
    ic_s: seconds since the recording began.
    stride_samples, stride_s: since the contact before, NaN after a pause. reason: codes of docs/detector.md §7.
    abduction_*: relative to the stride's mean. peak_ms: from contact to the peak. *_range_deg: frontal, in stance.
    clipped_samples, lost_samples: since the stride before.
    cue_s: when the buzz was commanded, seconds since the recording began, NaN without one.
    """

    ic: Ints
    to: Ints
    batch: Ints
    ic_s: Floats
    contact_ms: Floats
    stride_samples: Ints
    stride_s: Floats
    judged: Bools
    over: Bools
    collapse_deg: Floats
    raw_collapse_deg: Floats
    excursion_deg: Floats
    baseline_deg: Floats
    threshold_deg: Floats
    flexion_at_ic_deg: Floats
    flexion_peak_deg: Floats
    abduction_at_ic_deg: Floats
    abduction_peak_deg: Floats
    peak_ms: Floats
    shank_range_deg: Floats
    thigh_range_deg: Floats
    clipped_samples: Ints
    lost_samples: Ints
    reason: Ints
    cue_ms: Floats
    cue_s: Floats

    def __len__(self) -> int:
        """Number of strides, S."""
        return len(self.ic)

    @property
    def compared(self) -> Bools:
        """Strides that were held against the limit: judged, and after the learning."""
        return self.judged & (self.reason != st.R_LEARNING) & ~np.isnan(self.baseline_deg)

    @property
    def cued(self) -> Bools:
        """Strides that were answered by a buzz."""
        return self.cue_ms > 0

    @property
    def inward_deg(self) -> Floats:
        """Collapse minus the wearer's usual one (while learning: minus the first baseline), float [S]."""
        known = np.flatnonzero(~np.isnan(self.baseline_deg))
        first = self.baseline_deg[known[0]] if len(known) else np.nan
        return self.collapse_deg - np.where(np.isnan(self.baseline_deg), first, self.baseline_deg)

    @property
    def running_s(self) -> float:
        """Seconds of running: from contact to contact, pauses left out."""
        steps_s = np.diff(self.ic_s)
        return float(steps_s[steps_s <= PAUSE_S].sum())

    @property
    def cadence_spm(self) -> Floats:
        """Steps per minute of each stride (two steps a stride), float [S]."""
        return 120.0 / self.stride_s


def table(records: Sequence[Sequence[int]], clock: Timeline) -> Strides:
    """Stride records as columns; samples are turned into time by the clock."""
    rows = np.asarray(records, np.int64).reshape(len(records), st.FIELD_COUNT)
    ic, to = rows[:, st.IC], rows[:, st.TO]
    contact = _values(to - ic, missing=to == st.NULL)
    since = rows[:, st.STRIDE_SAMPLES]
    return Strides(
        ic=ic, to=np.where(to == st.NULL, -1, to), batch=rows[:, st.BATCH],
        ic_s=_contact_times_s(rows, contact, clock), contact_ms=contact * 1000 / clock.rate_hz,
        stride_samples=since, stride_s=_values(since, missing=since <= 0) / clock.rate_hz,
        judged=rows[:, st.JUDGED] == 1, over=rows[:, st.OVER] == 1,
        collapse_deg=_degrees(rows[:, st.COLLAPSE]), raw_collapse_deg=_degrees(rows[:, st.RAW_COLLAPSE]),
        excursion_deg=_degrees(rows[:, st.EXCURSION]),
        baseline_deg=_degrees(rows[:, st.BASELINE]), threshold_deg=_degrees(rows[:, st.THRESHOLD]),
        flexion_at_ic_deg=_degrees(rows[:, st.FLEXION_AT_IC]), flexion_peak_deg=_degrees(rows[:, st.FLEXION_PEAK]),
        abduction_at_ic_deg=_degrees(rows[:, st.ABDUCTION_AT_IC]),
        abduction_peak_deg=_degrees(rows[:, st.ABDUCTION_PEAK]),
        peak_ms=_values(rows[:, st.PEAK_SAMPLES], missing=rows[:, st.PEAK_SAMPLES] == st.NULL) * 1000 / clock.rate_hz,
        shank_range_deg=_degrees(rows[:, st.SHANK_RANGE]), thigh_range_deg=_degrees(rows[:, st.THIGH_RANGE]),
        clipped_samples=rows[:, st.CLIPPED_SAMPLES], lost_samples=rows[:, st.LOST_SAMPLES],
        reason=rows[:, st.REASON], cue_ms=_values(rows[:, st.CUE_MS], missing=rows[:, st.CUE_MS] == st.NULL),
        cue_s=np.where(rows[:, st.CUE_MS] > 0, clock.of_batch(rows[:, st.CUE_BATCH]), np.nan),
    )  # fmt: skip


def _contact_times_s(rows: Ints, contact: Floats, clock: Timeline) -> Floats:
    """By the sample's own time where it fits the batch of completion; else, after lost records, by that batch."""
    to_completion = np.nan_to_num(contact, nan=_USUAL_CONTACT) + _AFTER_TOE_OFF
    by_batch = clock.of_batch(rows[:, st.BATCH]) - to_completion / clock.rate_hz
    by_sample = clock.of_sample(rows[:, st.IC])
    return np.where(np.abs(by_sample - by_batch) < _FITS_S, by_sample, by_batch)


def _degrees(mdeg: Ints) -> Floats:
    return _values(mdeg, missing=mdeg == st.NULL) / 1000


def _values(numbers: Ints, missing: Bools) -> Floats:
    return np.where(missing, np.nan, numbers.astype(np.float64))
