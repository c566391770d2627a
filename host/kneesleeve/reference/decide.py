"""From measured strides to stride records: baseline, decision and cue in the order of the strides (§6, §7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneecore import stride as f
from kneesleeve.reference.baseline import LEARNING, Baseline
from kneesleeve.reference.cue import Cue
from kneesleeve.reference.types import Ints, Params

Record = tuple[int, ...]
Decision = tuple[int, int, int, int, int]  # over, baseline, threshold, reason, cue_ms

NULL_WHERE_UNJUDGED = (
    f.COLLAPSE, f.RAW_COLLAPSE, f.EXCURSION, f.ABDUCTION_AT_IC, f.ABDUCTION_PEAK, f.PEAK_SAMPLES, f.SHANK_RANGE,
    f.THIGH_RANGE,
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """Reported strides before any decision, int64 [S] each.

    ic, to: shank sample index. stride: p, samples since the contact before. batch: number in which it was completed;
    now: n_s after that batch. jerk: accel LSB per sample. judged: 0 or 1. clipped, lost, peak_samples: samples.
    The rest: millidegrees.
    """

    ic: Ints
    to: Ints
    stride: Ints
    batch: Ints
    now: Ints
    jerk: Ints
    judged: Ints
    collapse: Ints
    raw_collapse: Ints
    excursion: Ints
    flexion_at_ic: Ints
    flexion_peak: Ints
    abduction_at_ic: Ints
    abduction_peak: Ints
    peak_samples: Ints
    shank_range: Ints
    thigh_range: Ints
    clipped: Ints
    lost: Ints


def decide(measured: Measured, params: Params) -> list[Record]:
    """The stride records in `FIELD_NAMES` order."""
    table = _table(measured)
    decisions = np.array(_decisions(measured, params), np.int64).reshape(len(table), 5)
    table[:, (f.OVER, f.BASELINE, f.THRESHOLD, f.REASON, f.CUE_MS)] = decisions
    table[:, f.CUE_BATCH] = np.where(decisions[:, 4] > 0, measured.batch, 0)
    return [tuple(row) for row in table.tolist()]


def _table(m: Measured) -> Ints:
    """The records without their decisions, int64 [S, FIELD_COUNT]."""
    table = np.zeros((len(m.ic), f.FIELD_COUNT), np.int64)
    table[:, f.INDEX] = np.arange(len(m.ic))
    for column, values in (
        (f.IC, m.ic), (f.TO, m.to), (f.JUDGED, m.judged), (f.COLLAPSE, m.collapse), (f.RAW_COLLAPSE, m.raw_collapse),
        (f.EXCURSION, m.excursion), (f.FLEXION_AT_IC, m.flexion_at_ic), (f.FLEXION_PEAK, m.flexion_peak),
        (f.JERK, m.jerk), (f.STRIDE_SAMPLES, m.stride), (f.BATCH, m.batch), (f.ABDUCTION_AT_IC, m.abduction_at_ic),
        (f.ABDUCTION_PEAK, m.abduction_peak), (f.PEAK_SAMPLES, m.peak_samples), (f.SHANK_RANGE, m.shank_range),
        (f.THIGH_RANGE, m.thigh_range), (f.CLIPPED_SAMPLES, m.clipped), (f.LOST_SAMPLES, m.lost),
    ):  # fmt: skip
        table[:, column] = values
    table[np.ix_(m.judged == 0, NULL_WHERE_UNJUDGED)] = f.NULL
    return table


def _decisions(m: Measured, params: Params) -> list[Decision]:
    baseline, cue = Baseline(params), Cue(params)
    columns = (c.tolist() for c in (m.judged, m.collapse, m.ic, m.stride, m.now))
    return [
        _judged(baseline, cue, *stride) if judged else _unjudged(baseline)
        for judged, *stride in zip(*columns, strict=True)
    ]


def _judged(baseline: Baseline, cue: Cue, collapse: int, ic: int, stride: int, now: int) -> Decision:
    baseline.judged += 1
    if baseline.judged <= LEARNING:
        baseline.learn(collapse)
        return 0, f.NULL, f.NULL, f.R_LEARNING, 0
    base, threshold = baseline.in_force()
    over = baseline.decide(collapse, base, threshold)
    reason, cue_ms = cue.judge(over, collapse - base - threshold, ic, stride, now)
    return int(over), base, threshold, reason, cue_ms


def _unjudged(baseline: Baseline) -> Decision:
    base, threshold = baseline.in_force() if baseline.judged > LEARNING else (f.NULL, f.NULL)
    return 0, base, threshold, f.R_UNJUDGED, 0
