"""The crosstalk term: how abduction follows flexion in the unloaded swing, and what it adds (docs/detector.md §5.2)."""

from __future__ import annotations

import numpy as np

from kneesleeve.reference.gate import Strides
from kneesleeve.reference.integers import median_int, signed29_of_32
from kneesleeve.reference.motion import Motion
from kneesleeve.reference.relative import LEAD, WIDTH, rise
from kneesleeve.reference.types import Bools, Ints, Ints32
from kneesleeve.reference.windows import windows

SETTING_STRIDE = 4  # the judged stride that sets the slope
LEAST_KEPT, MOST_KEPT = 3, 8
LEAST_SWING, LEAST_POWER = 40, 3364  # samples; (10 deg in 512 U)²
SWING_LIMIT_512U, SLOPE_LIMIT_Q10, FLEXION_LIMIT_U = 1023, 512, 1 << 19
NO_SLOPE = 1 << 20  # of a swing that is not used


def swing_slopes(motion: Motion, strides: Strides, clipped: Ints32) -> Ints:
    """Slope of abduction on flexion in the swing before each stride, Q10, NO_SLOPE where it is not used, int64 [S].

    clipped: clipped samples before each position of the stretch, int32 [K + 1].
    """
    n = strides.ic - strides.before_to
    inside = np.arange(int(n.max(initial=1))) < n[:, None]
    u, v = (_from_mean(angle, strides, inside) for angle in (motion.flexion, motion.abduction))
    c_uu, c_uv = (u * u).sum(axis=1), (u * v).sum(axis=1)
    clean = clipped[strides.complete + 1] == clipped[strides.before_to]
    used = (n >= LEAST_SWING) & (c_uu >= LEAST_POWER * n) & clean
    slope = np.clip(c_uv // np.maximum(c_uu >> 10, 1), -SLOPE_LIMIT_Q10, SLOPE_LIMIT_Q10)
    return np.where(used, slope, NO_SLOPE)


def _from_mean(angle: Ints32, strides: Strides, inside: Bools) -> Ints:
    """u - mu (or v - mv): an angle in swing from its mean there, 512 U, int64 [S, W]; 0 outside the swing."""
    turned = windows(angle, strides.before_to, inside.shape[1]) - angle[strides.ic][:, None]
    coarse = np.clip(signed29_of_32(turned) >> np.int32(9), -SWING_LIMIT_512U, SWING_LIMIT_512U).astype(np.int64)
    mean = (coarse * inside).sum(axis=1) // np.maximum(inside.sum(axis=1), 1)
    return (coarse - mean[:, None]) * inside


def slopes_in_force(slopes: Ints, judged: Ints) -> Ints:
    """The slope that counts at each reported stride of a donning, Q10, int64 [S]: 0 before the 4th judged one.

    slopes: of each stride's swing, at least up to that one, NO_SLOPE for none; judged: 0 or 1; int64 [S] both.
    """
    before = int(np.searchsorted(np.cumsum(judged), SETTING_STRIDE))
    kept = [slope for slope in slopes[: before + 1].tolist() if slope != NO_SLOPE][:MOST_KEPT]
    in_force = np.zeros(len(slopes), np.int64)
    in_force[before:] = median_int(kept) if len(kept) >= LEAST_KEPT else 0
    return in_force


def crosstalk_term(flexion_rise_u: Ints, slopes: Ints, gain_pct: int) -> Ints:
    """What to take from rise', U, int64 [S]; slopes: those in force, Q10."""
    return (flexion_rise_u * ((slopes * gain_pct) // 100)) >> 10


def flexion_rise(flexion: Ints32, strides: Strides) -> Ints:
    """f_rise: mean flexion in mid-stance above the level at contact, U, int64 [S]; θ: int32 [K]."""
    turned = signed29_of_32(windows(flexion, strides.ic - LEAD, WIDTH) - flexion[strides.ic][:, None])
    return rise(np.clip(turned, -FLEXION_LIMIT_U, FLEXION_LIMIT_U), strides.contact)
