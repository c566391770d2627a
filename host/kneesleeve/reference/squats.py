"""Squats: how deep, how many, and the sums that the fit needs (docs/detector.md §3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.integers import isqrt
from kneesleeve.reference.standing import Standing
from kneesleeve.reference.sums import BLOCK, BatchSums, still_before, still_blocks
from kneesleeve.reference.types import Ints

MOST_BLOCKS = 120  # 60 s
GOOD_32U, SHALLOW_32U, UP_32U = 4179, 2321, 1857  # 45, 25, 20 deg in 32 U
ENOUGH, STILL_BLOCKS, GIVEN_UP_BLOCKS = 3, 2, 8  # squats, 1 s, 4 s
Matrix = list[list[int]]


@dataclass(frozen=True)
class Squats:
    """What the squats left behind.

    good, shallow: counts. end: batches used, from the first squat batch (None: they did not end).
    shank_rates, thigh_rates: 3x3 sums of R·R (R = U/4). moments: 9x9 sums of Z·Z, Z = [T0 … T5, 1, m, m²] (T in 32 U).
    """

    good: int
    shallow: int
    end: int | None
    shank_rates: Matrix
    thigh_rates: Matrix
    moments: Matrix


def squat(sums: BatchSums, standing: Standing) -> Squats:
    """The squats in the batches after the standing ones (at most 60 s of them)."""
    sums = sums.part(slice(0, MOST_BLOCKS * BLOCK))
    rates_u = sums.gyro - ((sums.n[:, None] * np.array(standing.bias16)) >> 4)
    angles_32u = np.cumsum(rates_u, axis=0) >> 5
    depth = _depth(angles_32u[:, :3]) + _depth(angles_32u[:, 3:])
    good, shallow = _counts(depth)
    end = _end(still_before(still_blocks(sums)), depth, good, shallow)
    used = len(sums) if end is None else end
    r = rates_u[:used] >> 2
    z = _rows(angles_32u[:used], sums.mv[:used], standing)
    last = max(used - 1, 0)
    counted = (int(good[last]), int(shallow[last])) if used else (0, 0)
    return Squats(*counted, end, _products(r[:, :3]), _products(r[:, 3:]), _products(z))


def _depth(angles_32u: Ints) -> Ints:
    """The angle one sensor has turned since standing, 32 U, int64 [B]."""
    return isqrt((np.clip(angles_32u, -16383, 16383) ** 2).sum(axis=1))


def _counts(depth: Ints) -> tuple[Ints, Ints]:
    """Good and shallow squats so far, after each batch, int64 [B] both.

    A descent lies between two batches that are up (depth <= 20 deg); its deepest batch says what it was, and it is
    counted at the batch that is up again.
    """
    good, shallow = np.zeros_like(depth), np.zeros_like(depth)
    up = np.flatnonzero(depth <= UP_32U)
    if len(up):
        starts = np.concatenate(([0], up[:-1] + 1))
        deepest = np.maximum.reduceat(depth[: up[-1] + 1], starts)
        good[up] = deepest >= GOOD_32U
        shallow[up] = (deepest >= SHALLOW_32U) & (deepest < GOOD_32U)
    return np.cumsum(good), np.cumsum(shallow)


def _end(still: list[int], depth: Ints, good: Ints, shallow: Ints) -> int | None:
    """Batches up to the block that ends the squats: up and still after enough of them, or still for long after some."""
    for i, run in enumerate(still):
        last = BLOCK * (i + 1) - 1
        needed = STILL_BLOCKS if good[last] >= ENOUGH else GIVEN_UP_BLOCKS
        if depth[last] <= UP_32U and run >= needed and good[last] + shallow[last] >= 1:
            return last + 1
    return None


def _rows(angles_32u: Ints, mv: Ints, standing: Standing) -> Ints:
    """Z = [T0 … T5, 1, m, m²], int64 [B, 9]."""
    m = np.clip(mv - standing.mv0, -1500, 1500) if standing.has_flex else np.zeros_like(mv)
    return np.column_stack((angles_32u, np.ones_like(m), m, m * m))


def _products(z: Ints) -> Matrix:
    return (z.T @ z).tolist()
