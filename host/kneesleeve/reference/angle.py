"""The angle chain alone: knee abduction of a whole recording, for checks against an optical angle (§4.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kneesleeve.recordings.drain import drain
from kneesleeve.recordings.recording import Recording
from kneesleeve.reference.align import align
from kneesleeve.reference.donning import don
from kneesleeve.reference.integers import MDEG_PER_U
from kneesleeve.reference.kernel import abduction_rate
from kneesleeve.reference.motion import sagittal
from kneesleeve.reference.rows import Span, rows_of
from kneesleeve.reference.stretches import stretches
from kneesleeve.reference.types import Aligned, Calibration, Ints32

Degrees = NDArray[np.float64]
FLEX_WINDOW = 36  # batches, the default of docs/detector.md §8


def frontal_angle(recording: Recording, flexion_deg: ArrayLike | None = None) -> Degrees:
    """Knee abduction in degrees relative to the first sample, inward positive on both legs, float64 [N].

    Axes: the recording's mounting matrices without a bias, else those of its donning. Flexion (degrees [N]):
    `flexion_deg`, else the recording's, else flex sensor and gyros by the donning.
    Raises ValueError where the recording has no matrices and no donning that ends well, or no flexion.
    """
    calibration = calibration_of_mounting(recording)
    given = recording.flexion_deg if flexion_deg is None else flexion_deg
    if given is not None and calibration is not None:
        return _integrated(recording, calibration, _units(given, recording.n_samples))
    aligned = align(drain(recording))
    donned = _donned(recording, aligned)
    flexion_u = _flexion(aligned, donned) if given is None else _units(given, recording.n_samples)
    return _integrated(recording, calibration or donned, flexion_u)


def calibration_of_mounting(recording: Recording) -> Calibration | None:
    """The calibration by the recording's matrices (§3.5): no bias, no flex map; None where it has none."""
    if recording.mounting_shank is None or recording.mounting_thigh is None:
        return None
    rows = np.rint(np.array((recording.mounting_shank, recording.mounting_thigh)) * 8192).astype(int)
    record = (0, 0, _side(recording), *rows.reshape(-1).tolist(), *[0] * 11)
    return Calibration.of(record)


def _integrated(recording: Recording, calibration: Calibration, flexion_u: Ints32) -> Degrees:
    rate = abduction_rate(rows_of(calibration), recording.shank_gyro, recording.thigh_gyro, flexion_u)
    angle_u = np.cumsum(rate, dtype=np.int64)
    return ((angle_u - angle_u[:1]) * (MDEG_PER_U / 1000)).astype(np.float64)


def _flexion(aligned: Aligned, donned: Calibration) -> Ints32:
    """θ of the whole recording with the biases of the donning, U."""
    parts = (
        sagittal(stretch, [Span(0, len(stretch.part), rows_of(donned))], donned, FLEX_WINDOW).flexion
        for stretch in stretches(aligned, 0)
    )
    return np.concatenate(list(parts))


def _side(recording: Recording) -> int:
    return 1 if recording.side == "L" else -1


def _units(flexion_deg: ArrayLike, n: int) -> Ints32:
    degrees = np.asarray(flexion_deg, np.float64)
    if degrees.shape != (n,):
        raise ValueError(f"flexion: expected {n} samples in degrees, got an array of shape {degrees.shape}")
    return np.rint(degrees * (1000 / MDEG_PER_U)).astype(np.int32)


def _donned(recording: Recording, aligned: Aligned) -> Calibration:
    donning = don(aligned, _side(recording))
    if donning.calibration is None or donning.calibration.status != 0:
        raise ValueError(f"{recording.name}: neither mounting matrices and flexion nor a donning that ends well")
    return donning.calibration
