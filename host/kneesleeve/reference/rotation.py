"""The rotation term: what the flexion leaves in the abduction of a turned shank (docs/detector.md §5.1)."""

from __future__ import annotations

import numpy as np

from kneesleeve.reference.integers import signed29_of_32
from kneesleeve.reference.types import Ints, Ints32
from kneesleeve.reference.windows import windows

USUAL_STRIDE = 145  # samples of history where there is no stride before
AXIAL_LIMIT_U, GAMMA_LIMIT_U = 1 << 21, 1 << 17
U_TO_RADIANS = 394  # 1024 · 2^16 · (35/104000) · π/180


def history(ic: Ints, stride: Ints) -> Ints:
    """p: samples before each contact that γ is relative to, int64 [S]; ic: samples since k0; stride: 0 = none."""
    return np.minimum(np.where(stride == 0, USUAL_STRIDE, stride), ic)


def axial_mean(axial: Ints32, ic: Ints, p: Ints) -> Ints:
    """g: mean axial angle of the p samples before each contact, relative to it, rounded down, U, int64 [S].

    axial: Z of every sample since k0, U modulo 2^29, int32 [K]; ic: positions in it; p: 1 … ic.
    """
    width = int(p.max(initial=1))
    column = np.arange(width)
    turned = _turned(windows(axial, ic - p, width), axial[ic])
    turned *= column < p[:, None]
    return turned.sum(axis=1, dtype=np.int64) // p


def rotation_term(fr: Ints32, axial: Ints32, axial_at_ic: Ints32, mean: Ints, gain_pct: int) -> Ints:
    """y: the term to take from the abduction at every sample, U, int64 [S, W].

    fr: flexion rate, LSB; axial: Z, U modulo 2^29; both int32 [S, W], windows that begin 4 samples before contact.
    axial_at_ic: Z there, int32 [S]; mean: g, U, int64 [S]; gain_pct: 0 … 100.
    """
    gamma = _turned(axial, axial_at_ic)
    gamma -= mean.astype(np.int32)[:, None]
    np.clip(gamma, -GAMMA_LIMIT_U, GAMMA_LIMIT_U, out=gamma)
    gamma >>= np.int32(6)
    gamma *= fr  # 2^11 · 2^17
    gamma >>= np.int32(10)
    term = np.cumsum(gamma, axis=1, dtype=np.int64)
    term >>= 4
    term *= (U_TO_RADIANS * gain_pct) // 100
    term >>= 6
    return term


def _turned(axial: Ints32, axial_at_ic: Ints32) -> Ints32:
    """e: axial angle relative to contact, limited, U, int32 [S, W]."""
    turned = signed29_of_32(axial - axial_at_ic[:, None])
    return np.clip(turned, -AXIAL_LIMIT_U, AXIAL_LIMIT_U, out=turned)
