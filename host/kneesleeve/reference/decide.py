"""From measured strides to stride records: baseline, decision and cue in the order of the strides (§6, §7)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from kneecore.stride import NULL, R_LEARNING, R_UNJUDGED
from kneesleeve.reference.baseline import LEARNING, Baseline
from kneesleeve.reference.cue import Cue
from kneesleeve.reference.types import Ints, Params

LONGEST_STRIDE = 250  # samples, 1.2 s

Record = tuple[int, ...]


@dataclass(frozen=True)
class Measured:
    """Reported strides before any decision, int64 [S] each.

    ic, to: shank sample index. stride: samples since the contact before, 0 = none. batch: number in which it was
    completed; now: n_s after that batch. jerk: accel LSB per sample. judged: 0 or 1. The rest: millidegrees.
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


def decide(measured: Measured, params: Params) -> list[Record]:
    """The stride records in `FIELD_NAMES` order."""
    baseline, cue = Baseline(params), Cue(params)
    m = measured
    columns = (m.ic, m.to, m.stride, m.batch, m.now, m.jerk, m.judged, m.collapse)
    lists = [c.tolist() for c in (*columns, m.raw_collapse, m.excursion, m.flexion_at_ic, m.flexion_peak)]
    records = []
    for index, ic, to, stride, batch, now, jerk, judged, collapse, raw, excursion, at_ic, peak in zip(count(), *lists):
        if judged:
            over, base, threshold, reason, cue_ms = _decision(baseline, cue, collapse, ic, stride, now)
        else:
            collapse = raw = excursion = NULL  # noqa: PLW2901  what the record will hold
            over, cue_ms, reason = False, 0, R_UNJUDGED
            base, threshold = baseline.in_force() if baseline.judged > LEARNING else (NULL, NULL)
        records.append(
            (index, ic, to, judged, int(over), collapse, raw, excursion, base, threshold, at_ic, peak,
             jerk, stride, reason, cue_ms, batch if cue_ms else 0, batch)
        )  # fmt: skip
    return records


def _decision(baseline: Baseline, cue: Cue, collapse: int, ic: int, stride: int, now: int) -> Record:
    """over, baseline, threshold, reason and cue_ms of a judged stride."""
    baseline.judged += 1
    if baseline.judged <= LEARNING:
        baseline.learn(collapse)
        return 0, NULL, NULL, R_LEARNING, 0
    base, threshold = baseline.in_force()
    over = baseline.decide(collapse, base, threshold)
    reason, cue_ms = cue.judge(over, collapse - base - threshold, ic, stride, now)
    return over, base, threshold, reason, cue_ms
