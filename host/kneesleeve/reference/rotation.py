"""The rotation term: what the flexion leaves in the abduction of a turned shank (docs/detector.md §5.1)."""

from __future__ import annotations

import numpy as np

from kneesleeve.reference.types import Ints, Ints32

GAMMA_LIMIT_U = 1 << 17
U_TO_RADIANS = 394  # 1024 · 2^16 · (35/104000) · π/180


def rotation_term(fr: Ints32, turned: Ints32, mean: Ints, gain_pct: int) -> Ints32:
    """y: the term to take from the abduction at every sample, U, int32 [S, W].

    fr: flexion rate, LSB (below 2^17); turned: e, axial angle relative to contact, U, ±2^21; both int32 [S, W],
    windows that begin 4 samples before contact, W <= 84. mean: g, U, int64 [S]; gain_pct: 0 … 100.
    """
    gamma = turned - mean.astype(np.int32)[:, None]
    np.clip(gamma, -GAMMA_LIMIT_U, GAMMA_LIMIT_U, out=gamma)
    gamma >>= np.int32(6)
    gamma *= fr  # 2^11 · 2^17
    gamma >>= np.int32(10)
    term = np.cumsum(gamma, axis=1, dtype=np.int32)  # 84 · 2^18
    term >>= np.int32(4)
    term *= np.int32((U_TO_RADIANS * gain_pct) // 100)  # 2^21 · 394
    term >>= np.int32(6)
    return term
