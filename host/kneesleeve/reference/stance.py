"""What each stride says of the knee: collapse, abduction, ranges and flexion (docs/detector.md §5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.crosstalk import flexion_rise
from kneesleeve.reference.gate import Strides
from kneesleeve.reference.integers import mdeg
from kneesleeve.reference.motion import Motion
from kneesleeve.reference.relative import LEAD, WIDTH, around, in_stance, level, rise, stride_mean
from kneesleeve.reference.rotation import rotation_term
from kneesleeve.reference.types import Ints, Ints32
from kneesleeve.reference.windows import windows

STRIDES_AT_ONCE = 2048


@dataclass(frozen=True)
class Stances:
    """Per stride, int64 [S] each: millidegrees but where the name says something else.

    rise_u: rise', with the rotation term and without the crosstalk term; flexion_rise_u: f_rise.
    """

    rise_u: Ints
    flexion_rise_u: Ints
    raw_collapse: Ints
    excursion: Ints
    flexion_at_ic: Ints
    flexion_peak: Ints
    abduction_at_ic: Ints
    abduction_peak: Ints
    peak_samples: Ints
    shank_range: Ints
    thigh_range: Ints


def stances(motion: Motion, strides: Strides, rotation_gain_pct: int) -> Stances:
    """Of each stride, positions in the motion."""
    parts = [np.empty((11, 0), np.int64)]
    for first in range(0, len(strides.ic), STRIDES_AT_ONCE):
        some = strides.part(slice(first, first + STRIDES_AT_ONCE))
        d = around(motion.abduction, some)
        parts.append(np.stack((*_rises(motion, some, d, rotation_gain_pct), *_angles(motion, some, d))))
    return Stances(*np.concatenate(parts, axis=1))


def _rises(motion: Motion, strides: Strides, d: Ints32, gain_pct: int) -> tuple[Ints, Ints]:
    """rise' and f_rise, U; d: abduction relative to contact, U, int32 [S, WIDTH]."""
    fr = windows(motion.fr, strides.ic - LEAD, WIDTH)
    term = rotation_term(fr, around(motion.axial, strides), stride_mean(motion.axial, strides), gain_pct)
    return rise(d - term, strides.contact), flexion_rise(motion.flexion, strides)


def _angles(motion: Motion, strides: Strides, d: Ints32) -> tuple[Ints, ...]:
    """What carries no term, in the order of `Stances` from raw_collapse on."""
    n, b = strides.contact, around(motion.shank, strides)
    stance = in_stance(d, n)
    peak, d0, mean = stance.max(axis=1).astype(np.int64), level(d), stride_mean(motion.abduction, strides)
    at_ic = motion.flexion[strides.ic].astype(np.int64)
    flexion = windows(motion.flexion, strides.ic - LEAD, WIDTH) - motion.flexion[strides.ic, None]
    return (
        mdeg(rise(d, n)), mdeg(peak - d0),
        mdeg(at_ic), mdeg(at_ic + in_stance(flexion, n).max(axis=1)),
        mdeg(d0 - mean), mdeg(peak - mean), stance.argmax(axis=1),
        mdeg(np.ptp(in_stance(b, n), axis=1).astype(np.int64)),
        mdeg(np.ptp(in_stance(b - d, n), axis=1).astype(np.int64)),
    )  # fmt: skip
