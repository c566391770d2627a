"""From aligned samples to stride records (docs/detector.md §4 … §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kneesleeve.reference.align import align
from kneesleeve.reference.bias import biases_over
from kneesleeve.reference.cadence import Beat, beats
from kneesleeve.reference.crosstalk import crosstalk_term, slopes_in_force
from kneesleeve.reference.decide import Measured, Record, decide
from kneesleeve.reference.integers import mdeg
from kneesleeve.reference.motion import sagittal
from kneesleeve.reference.reported import Reported, joined, report
from kneesleeve.reference.stance import Stances
from kneesleeve.reference.stretches import after, stretches
from kneesleeve.reference.types import Aligned, Calibration, DrainedRun, Ints, Params


@dataclass(frozen=True)
class Detection:
    """What the detector says after the donning, as in `EngineResult`: strides, beats, batches of bias refreshes."""

    strides: list[Record] = field(default_factory=list)
    beats: tuple[Beat, ...] = ()
    refreshes: tuple[int, ...] = ()


def detect(drained: DrainedRun, params: Params, calibration: Sequence[int], accepted_batch: int) -> Detection:
    """Strides, beats and bias refreshes from batch `accepted_batch` + 1 on; the alignment runs from batch 1."""
    return detection(align(drained), params, Calibration.of(calibration), accepted_batch)


def detect_aligned(aligned: Aligned, params: Params, calibration: Calibration, accepted_batch: int) -> list[Record]:
    """The same from samples that are aligned already; none of a refused calibration."""
    return detection(aligned, params, calibration, accepted_batch).strides


def detection(aligned: Aligned, params: Params, calibration: Calibration, accepted_batch: int) -> Detection:
    """Strides, beats and bias refreshes after batch `accepted_batch`."""
    if calibration.status != 0 or len(after(aligned, accepted_batch)) == 0:
        return Detection()
    measured, refreshed = measure(aligned, params, calibration, accepted_batch)
    records = decide(measured, params)
    return Detection(records, beats(records, aligned, params), tuple(refreshed))


def measure(
    aligned: Aligned, params: Params, calibration: Calibration, accepted_batch: int
) -> tuple[Measured, list[int]]:
    """Every reported stride with its numbers, and the batches of the refreshes.

    After a loss the kernel starts anew; biases, slope and the count of judged strides go on.
    """
    reported, measured, refreshed, losses, judged = [], [], [], [], 0
    for stretch in stretches(aligned, accepted_batch):
        biases = biases_over(stretch, calibration)
        signals = sagittal(stretch, biases.spans, calibration, params["flex_window"])
        strides, stance = report(stretch, biases.spans, signals, params, judged)
        calibration = biases.at_end
        reported.append(strides)
        measured.append(stance)
        refreshed += biases.refreshed
        judged += int(strides.judged.sum())
        losses.append((stretch.lost, len(strides.ic)))
    return _with_crosstalk(joined(reported), joined(measured), _lost(losses), params), refreshed


def _lost(losses: Sequence[tuple[int, int]]) -> Ints:
    """Samples lost since the reported stride before, int64 [S], from each stretch's loss before it and its strides."""
    lost, since = [], 0
    for before, strides in losses:
        since += before
        if strides:
            lost += [since, *[0] * (strides - 1)]
            since = 0
    return np.array(lost, np.int64)


def _with_crosstalk(r: Reported, s: Stances, lost: Ints, params: Params) -> Measured:
    term = crosstalk_term(s.flexion_rise_u, slopes_in_force(r.slope, r.judged), params["crosstalk_gain_pct"])
    return Measured(
        r.ic, r.to, r.stride, r.batch, r.now, r.jerk, r.judged, mdeg(s.rise_u - term), s.raw_collapse, s.excursion,
        s.flexion_at_ic, s.flexion_peak, s.abduction_at_ic, s.abduction_peak, s.peak_samples, s.shank_range,
        s.thigh_range, r.clipped, lost,
    )  # fmt: skip
