"""Angles relative to contact, around each stride, and the sums that §5 makes of them (docs/detector.md §5)."""

from __future__ import annotations

import numpy as np

from kneesleeve.reference.gate import MOST_CONTACT, Strides
from kneesleeve.reference.integers import signed29_of_32
from kneesleeve.reference.types import Ints, Ints32
from kneesleeve.reference.windows import windows

LEAD = 4  # samples before contact that its level is averaged over, beside it
WIDTH = LEAD + MOST_CONTACT + 1
LIMIT_U = 1 << 21


def around(angle: Ints32, strides: Strides) -> Ints32:
    """An angle that grows without limit, from LEAD samples before contact on, relative to contact, U, int32 [S, WIDTH].

    angle: int32 [K], congruent modulo 2^29. Limited to ±2^21.
    """
    return _relative(windows(angle, strides.ic - LEAD, WIDTH), angle[strides.ic])


def stride_mean(angle: Ints32, strides: Strides) -> Ints:
    """Mean of the same over one stride up to toe-off, to - p … to - 1, rounded down, U, int64 [S]."""
    p = strides.period
    width = int(p.max(initial=1))
    turned = _relative(windows(angle, strides.to - p, width), angle[strides.ic])
    inside = (np.arange(width) < p[:, None]).astype(np.int32)
    return np.einsum("sw,sw->s", turned, inside).astype(np.int64) // p  # 250 · 2^21


def level(values: Ints32) -> Ints:
    """Rounded mean of the LEAD + 1 samples up to contact, U, int64 [S]; windows [S, WIDTH]."""
    return (values[:, : LEAD + 1].sum(axis=1, dtype=np.int64) + 2) // (LEAD + 1)


def rise(values: Ints32, n: Ints) -> Ints:
    """Rounded mean over 30 … 75 % of stance above the level at contact, U, int64 [S].

    values: [S, WIDTH], U, below 2^24; n: samples from contact to toe-off.
    """
    low, high = (30 * n + 50) // 100, (75 * n + 50) // 100
    column, count = np.arange(MOST_CONTACT + 1), high - low + 1
    middle = ((column >= low[:, None]) & (column <= high[:, None])).astype(np.int32)
    total = np.einsum("sw,sw->s", values[:, LEAD:], middle).astype(np.int64)
    return (total + count // 2) // count - level(values)


def in_stance(values: Ints32, n: Ints) -> Ints32:
    """Contact to toe-off of windows [S, WIDTH] that are 0 at contact, int32 [S, 80].

    Zeros stand behind toe-off: as contact itself is 0 and comes first, they are neither a new maximum nor minimum.
    """
    return values[:, LEAD:] * (np.arange(MOST_CONTACT + 1) <= n[:, None])


def _relative(angle: Ints32, at_contact: Ints32) -> Ints32:
    """clamp(sx(angle - at_contact)), int32 [S, W]; at_contact: int32 [S]."""
    angle -= at_contact[:, None]
    turned = signed29_of_32(angle, out=angle)
    return np.clip(turned, -LIMIT_U, LIMIT_U, out=turned)
