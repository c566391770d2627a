"""The knee at every sample of a stretch: rates, flexion, angles that grow without limit (docs/detector.md §4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.flexion import offsets
from kneesleeve.reference.integers import signed29_of_32
from kneesleeve.reference.kernel import angles, sagittal_rates
from kneesleeve.reference.rows import Span
from kneesleeve.reference.stretches import Stretch
from kneesleeve.reference.types import Calibration, Ints32


@dataclass(frozen=True)
class Sagittal:
    """Shank and flexion rate (LSB) and θ (U, -2^28 … 2^28 - 1), int32 [K] each."""

    sy: Ints32
    fr: Ints32
    flexion: Ints32


@dataclass(frozen=True)
class Motion:
    """The knee at every sample from k0 on, int32 [K] each.

    fr: flexion rate, LSB. flexion: θ, U. abduction, axial, shank: A, Z and B, U modulo 2^29 (not reduced).
    """

    fr: Ints32
    flexion: Ints32
    abduction: Ints32
    axial: Ints32
    shank: Ints32


def sagittal(stretch: Stretch, spans: Sequence[Span], calibration: Calibration, flex_window: int) -> Sagittal:
    """Rates and flexion of every sample (§4.1, §4.2); flex_window: batches; calibration: for its flex map."""
    part = stretch.part
    sy, fr = sagittal_rates(spans, part.shank_gyro, part.thigh_gyro)
    flexion = np.cumsum(fr, dtype=np.int32)  # wraps modulo 2^32, which 2^29 divides
    if not len(flexion):
        return Sagittal(sy, fr, flexion)
    gyro_end = flexion.take(np.maximum(part.ends - 1, 0)).astype(np.int64)  # batches before k0 push nothing
    off = offsets(calibration, part.flex_mv, stretch.mv_start, part.counts, gyro_end, flex_window)
    flexion += np.repeat(off.astype(np.int32), part.counts)
    return Sagittal(sy, fr, signed29_of_32(flexion))


def motion(stretch: Stretch, spans: Sequence[Span], signals: Sagittal) -> Motion:
    """All three planes of every sample (§4.1)."""
    turned = angles(spans, stretch.part.shank_gyro, stretch.part.thigh_gyro, signals.flexion)
    return Motion(signals.fr, signals.flexion, *turned)
