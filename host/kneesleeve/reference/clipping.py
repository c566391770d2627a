"""Clipped gyro samples: how many, and which strides they keep from being judged (docs/detector.md §4.1, §5)."""

from __future__ import annotations

import numpy as np

from kneesleeve.reference.gate import Strides
from kneesleeve.reference.types import Bools, Ints, Ints32, Shorts

CLIPPED_LSB = 32700


def clipped_before(*gyros: Shorts) -> Ints32:
    """Clipped samples before each position, and in all, int32 [K + 1]; gyros: int16 [K, 3] each."""
    total = np.zeros(len(gyros[0]) + 1, np.int32)
    if any(g.max(initial=0) >= CLIPPED_LSB or g.min(initial=0) <= -CLIPPED_LSB for g in gyros):
        clipped = np.any([((g >= CLIPPED_LSB) | (g <= -CLIPPED_LSB)).any(axis=1) for g in gyros], axis=0)
        np.cumsum(clipped, out=total[1:])
    return total


def judged(strides: Strides, clipped: Ints32) -> Bools:
    """Whether no sample is clipped from one stride before toe-off to the stride's completion, bool [S]."""
    return clipped[strides.complete + 1] == clipped[strides.to - strides.period]


def clipped_since(strides: Strides, clipped: Ints32) -> Ints:
    """Clipped samples after the completion of the reported stride before (the first: from k0 on) up to this one's."""
    return np.diff(clipped[strides.complete + 1], prepend=np.int32(0)).astype(np.int64)
