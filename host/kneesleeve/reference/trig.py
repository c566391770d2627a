"""Cosine and sine of the flexion in steps of 1024 U (0.34 deg), Q14 (docs/detector.md §4.4)."""

from __future__ import annotations

import numpy as np

from kneesleeve.reference.integers import signed29_of_32
from kneesleeve.reference.types import Ints32

LOWEST, HIGHEST = -87, 435  # steps: about -30 … 150 deg
_STEP_COS_Q40, _STEP_SIN_Q40 = 1099491739709, 6613163153


def _tables() -> tuple[Ints32, Ints32]:
    cos_sin = [(1 << 40, 0)]
    for _ in range(HIGHEST):
        c, s = cos_sin[-1]
        cos_sin.append(((c * _STEP_COS_Q40 - s * _STEP_SIN_Q40) >> 40, (s * _STEP_COS_Q40 + c * _STEP_SIN_Q40) >> 40))
    upper = [((c + (1 << 25)) >> 26, (s + (1 << 25)) >> 26) for c, s in cos_sin]
    both = [(c, -s) for c, s in upper[-LOWEST:0:-1]] + upper
    return np.array([c for c, _ in both], np.int32), np.array([s for _, s in both], np.int32)


COS_Q14, SIN_Q14 = _tables()


def cos_sin_q14(flexion_u: Ints32) -> tuple[Ints32, Ints32]:
    """Of flexions in U, any shape (wrapped modulo 2^32 or not); limited to the table's ends."""
    step = (signed29_of_32(flexion_u) + np.int32(512)) >> np.int32(10)
    row = step.astype(np.intp)
    row -= LOWEST
    return COS_Q14.take(row, mode="clip"), SIN_Q14.take(row, mode="clip")
