"""What a donning's batches did: still blocks, angles since standing, squats (docs/detector.md §3.1 to §3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.integers import isqrt
from kneesleeve.reference.squats import GOOD_32U, SHALLOW_32U, UP_32U
from kneesleeve.reference.standing import MOST_BLOCKS, STILL_BLOCKS, Standing
from kneesleeve.reference.sums import BLOCK, BatchSums, block_means, still_before, still_blocks
from kneesleeve.reference.types import Ints
from kneesleeve.report.explained import Block, Squat
from kneesleeve.report.source import Floats

DPS_PER_LSB = 0.070
DEG_PER_32U = 32 * 35 / 104_000
CHANNELS = tuple(f"{sensor} {axis}" for sensor in ("shank", "thigh") for axis in "xyz")


@dataclass(frozen=True)
class Turned:
    """Angles since standing. angles_32u: int64 [B, 6], shank x y z, thigh x y z, 32 U; depth_32u: int64 [B]."""

    angles_32u: Ints
    depth_32u: Ints


def blocks_of(sums: BatchSums, t_s: Floats, stood: Standing | None) -> tuple[Block, ...]:
    """The blocks up to standing, all (at most 60) where it was not found; t_s: end of each batch, float [B]."""
    sums = sums.part(slice(0, stood.end if stood else MOST_BLOCKS * BLOCK))
    still = still_blocks(sums)
    mean = (sums.gyro / sums.n[:, None])[: len(still) * BLOCK].reshape(-1, BLOCK, 6) * DPS_PER_LSB
    spread, level = np.ptp(mean, axis=1), np.abs(mean).max(axis=1)
    return tuple(
        Block(
            float(t_s[i * BLOCK - 1]) if i else 0.0, float(t_s[(i + 1) * BLOCK - 1]),
            float(spread[i].max()), float(level[i].max()), CHANNELS[int(spread[i].argmax())], still[i],
        )
        for i in range(len(still))
    )  # fmt: skip


def steady_dps(sums: BatchSums, stood: Standing | None) -> float | None:
    """How far the means of six still blocks in a row lie apart where they lie closest; None where there are none."""
    sums = sums.part(slice(0, stood.end if stood else MOST_BLOCKS * BLOCK))
    means, run = block_means(sums), still_before(still_blocks(sums))
    spreads = [
        np.ptp(means[i + 1 - STILL_BLOCKS : i + 1], axis=0).max() for i, n in enumerate(run) if n >= STILL_BLOCKS
    ]
    return float(min(spreads)) * DPS_PER_LSB if spreads else None


def turned_since(sums: BatchSums, stood: Standing) -> Turned:
    """Angles of the batches after standing (`sums` begins there), as the detector adds them up."""
    rates_u = sums.gyro - ((sums.n[:, None] * np.array(stood.bias16)) >> 4)
    angles_32u = np.cumsum(rates_u, axis=0) >> 5
    return Turned(angles_32u, _turn(angles_32u[:, :3]) + _turn(angles_32u[:, 3:]))


def angles_before(sums: BatchSums, stood: Standing) -> Floats:
    """The same of the batches up to standing, float [B, 6], 32 U: for pictures, with the bias found later."""
    part = sums.part(slice(0, stood.end))
    rates_u = part.gyro - part.n[:, None] * np.array(stood.bias16) / 16
    return (np.cumsum(rates_u, axis=0) - rates_u.sum(axis=0)) / 32


def squats_of(depth_32u: Ints, t_s: Floats) -> tuple[Squat, ...]:
    """Descents of 25° or more; float [B] times. One that has not come up again is `unfinished`."""
    up = np.flatnonzero(depth_32u <= UP_32U)
    ends = [*up.tolist(), len(depth_32u)]
    found, start = [], 0
    for end in ends:
        if end > start:
            deepest = start + int(depth_32u[start:end].argmax())
            depth = int(depth_32u[deepest])
            kind = "unfinished" if end == len(depth_32u) else "good" if depth >= GOOD_32U else "shallow"
            if depth >= SHALLOW_32U:
                found.append(Squat(kind, depth * DEG_PER_32U, float(t_s[deepest])))
        start = end + 1
    return tuple(found)


def _turn(angles_32u: Ints) -> Ints:
    return isqrt((np.clip(angles_32u, -16383, 16383) ** 2).sum(axis=1))
