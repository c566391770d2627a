"""Knee angles of every sample, worked out again from the raw samples by the reference detector.

Method: docs/detector.md §4.1 (rates), §4.2 (level of the flexion), §4.5 (biases taken anew while standing).
For pictures only: what the sleeve decided stands in the stride records.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.recordings.drain import Drained
from kneesleeve.reference.align import align
from kneesleeve.reference.bias import biases_over
from kneesleeve.reference.integers import signed29
from kneesleeve.reference.motion import Motion, motion, sagittal
from kneesleeve.reference.stretches import after, stretches
from kneesleeve.reference.types import Aligned, Calibration, Ints32
from kneesleeve.report.source import Floats, Ints

DEG_PER_U = 35 / 104_000  # one LSB of 0.070 dps for one sample at 208 Hz


@dataclass(frozen=True)
class Angles:
    """k: int64 [K] shank sample index, ascending. flexion_deg: float [K]. frontal_deg: float [K], the integral of the
    abduction rate (inward positive): only differences within one stride mean something."""

    k: Ints
    flexion_deg: Floats
    frontal_deg: Floats


def knee_angles(drained: Drained, calibration: Calibration, accepted_batch: int, flex_window: int) -> Angles:
    """Angles of every aligned sample after batch `accepted_batch`; empty where there is none."""
    aligned = align(drained)
    part = after(aligned, min(accepted_batch, len(aligned.ends)))
    if not len(part):
        return Angles(part.k, np.zeros(0), np.zeros(0))
    found = _motions(aligned, calibration, accepted_batch, flex_window)
    flexion_u = np.concatenate([m.flexion for m in found]).astype(np.float64)
    frontal_u = np.concatenate([_unwrapped(m.abduction) for m in found]).astype(np.float64)
    return Angles(part.k, flexion_u * DEG_PER_U, frontal_u * DEG_PER_U)


def _motions(aligned: Aligned, calibration: Calibration, accepted_batch: int, flex_window: int) -> list[Motion]:
    """The knee over each stretch; biases that were taken anew go on into the next."""
    found = []
    for stretch in stretches(aligned, accepted_batch):
        biases = biases_over(stretch, calibration)
        signals = sagittal(stretch, biases.spans, calibration, flex_window)
        found.append(motion(stretch, biases.spans, signals))
        calibration = biases.at_end
    return found


def _unwrapped(angle_u: Ints32) -> Ints:
    """An angle known modulo 2^29, as it grew from sample to sample, U."""
    return np.cumsum(signed29(np.diff(angle_u.astype(np.int64), prepend=0)))
