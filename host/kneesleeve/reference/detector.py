"""From aligned samples to stride records (docs/detector.md §4 … §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kneesleeve.reference.align import align
from kneesleeve.reference.decide import LONGEST_STRIDE, Measured, Record, decide
from kneesleeve.reference.events import Steps, find_steps, running
from kneesleeve.reference.flexion import offsets
from kneesleeve.reference.kernel import Rows, abduction_and_axial, rows_of, sagittal_rates
from kneesleeve.reference.stance import Motion, judged, stances
from kneesleeve.reference.types import Aligned, Calibration, DrainedRun, Ints, Ints32, Params


def detect(drained: DrainedRun, params: Params, calibration: Sequence[int], accepted_batch: int) -> list[Record]:
    """Stride records from batch `accepted_batch` + 1 on; the alignment runs from batch 1."""
    return detect_aligned(align(drained), params, Calibration.of(calibration), accepted_batch)


def detect_aligned(aligned: Aligned, params: Params, calibration: Calibration, accepted_batch: int) -> list[Record]:
    """The same from samples that are aligned already; none of a refused calibration."""
    if calibration.status != 0 or len(after(aligned, accepted_batch)) == 0:
        return []
    signals = sagittal(aligned, params["flex_window"], calibration, accepted_batch)
    return decide(_measured(signals, params), params)


@dataclass(frozen=True)
class Sagittal:
    """What the gait events and the flexion need of every sample from k0 on.

    part: the emitted samples from k0 on. mv_before: flex of the batch before. sy, fr: shank and flexion rate, LSB,
    int32 [K]. flexion_u: G + off, U modulo 2^29 (int32 [K], not reduced). batches: those that `part` begins after.
    """

    part: Aligned
    rows: Rows
    sy: Ints32
    fr: Ints32
    flexion_u: Ints32
    batches: int


def sagittal(aligned: Aligned, flex_window: int, calibration: Calibration, accepted_batch: int) -> Sagittal:
    """Rates and flexion of every sample after the accepted batch (§4.1, §4.2)."""
    part, rows = after(aligned, accepted_batch), rows_of(calibration)
    sy, fr = sagittal_rates(rows, part.shank_gyro, part.thigh_gyro)
    flexion = np.cumsum(fr, dtype=np.int32)  # wraps modulo 2^32, which 2^29 divides
    mv_before = int(aligned.flex_mv[max(accepted_batch, 1) - 1]) if len(aligned.flex_mv) else -1
    gyro_end = flexion.take(np.maximum(part.ends - 1, 0)).astype(np.int64)  # batches before k0 push nothing
    off = offsets(calibration, part.flex_mv, mv_before, part.counts, gyro_end, flex_window)
    flexion += np.repeat(off.astype(np.int32), part.counts)
    return Sagittal(part, rows, sy, fr, flexion, accepted_batch)


def after(aligned: Aligned, batch: int) -> Aligned:
    """The emitted samples of the batches after `batch`."""
    k0 = int(aligned.ends[batch - 1]) if batch > 0 else 0
    later = aligned.resumes[aligned.resumes > k0] - k0
    return Aligned(
        aligned.k[k0:], aligned.shank_gyro[k0:], aligned.shank_accel[k0:], aligned.thigh_gyro[k0:],
        aligned.thigh_accel[k0:], aligned.ends[batch:] - k0, aligned.drained[batch:], aligned.flex_mv[batch:], later,
    )  # fmt: skip


def _motion(signals: Sagittal) -> Motion:
    """The knee in all three planes, every sample (§4.1)."""
    part, flexion_u = signals.part, signals.flexion_u
    angles = abduction_and_axial(signals.rows, part.shank_gyro, part.thigh_gyro, flexion_u)
    return Motion(signals.fr, flexion_u, *angles)


def _measured(signals: Sagittal, params: Params) -> Measured:
    """Every reported stride with its numbers."""
    part = signals.part
    steps = running(_steps(signals, params["arm_dps"]), params["contact_jerk_mg"])
    ic = part.k[steps.ic]
    stride = _stride_samples(ic)
    stance = stances(_motion(signals), steps, stride, params["rotation_gain_pct"])
    clean = judged(steps, part.shank_gyro, part.thigh_gyro).astype(np.int64)
    row = np.searchsorted(part.ends, steps.complete, side="right")
    return Measured(
        ic, part.k[steps.to], stride, row + signals.batches + 1, part.drained[row], steps.jerk, clean,
        stance.collapse, stance.raw_collapse, stance.excursion, stance.flexion_at_ic, stance.flexion_peak,
    )  # fmt: skip


def _steps(signals: Sagittal, arm_dps: int) -> Steps:
    """Steps of each stretch without lost samples; after a loss the machine starts anew."""
    part = signals.part
    arm_lsb = -(arm_dps * 100) // 7
    bounds = [0, *part.resumes.tolist(), len(part)]
    found = []
    for first, end in pairwise(bounds):
        stretch = slice(first, end)
        steps = find_steps(signals.rows, signals.sy[stretch], signals.fr[stretch], part.shank_accel[stretch], arm_lsb)
        found.append(steps.later(first))
    columns = ((s.ic, s.to, s.complete, s.jerk) for s in found)
    return Steps(*(np.concatenate(c) for c in zip(*columns, strict=True)))


def _stride_samples(ic: Ints) -> Ints:
    """Samples since the reported contact before; 0 for the first and after more than 1.2 s."""
    since = np.diff(ic, prepend=ic[:1])
    return np.where(since > LONGEST_STRIDE, 0, since)
