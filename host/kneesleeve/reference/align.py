"""Both IMUs on one timebase: what a batch emits, the thigh re-sampled onto the shank (docs/detector.md §2)."""

from __future__ import annotations

import numpy as np

from kneesleeve.reference.losses import joined, parts
from kneesleeve.reference.phase import Phase, track
from kneesleeve.reference.types import Aligned, DrainedRun, Ints, Shorts

HISTORY = 192  # samples of each chip that the sleeve keeps
MOST_EMITTED = 96  # samples in one batch


def align(drained: DrainedRun) -> Aligned:
    """Emit every sample that both chips have, batch by batch; with equal clocks nothing is changed or delayed.

    After a loss the counts of both chips go on from the shank's, and the alignment begins anew (§2).
    """
    if not drained.losses:
        return _align(drained)
    return joined([_align(part) for part in parts(drained)], drained.losses)


def _align(drained: DrainedRun) -> Aligned:
    n_shank, n_thigh = np.asarray(drained.n_shank, np.int64), np.asarray(drained.n_thigh, np.int64)
    drained_s, drained_t = np.cumsum(n_shank), np.cumsum(n_thigh)
    brought = (n_shank > 0) | (n_thigh > 0)
    full = np.flatnonzero(brought)
    n_s, n_t = drained_s[full], drained_t[full]
    phase = track(n_s, n_t)
    first, count = _emission(_reach(phase, n_s, n_t), n_s)
    counts = np.zeros_like(n_shank)
    counts[full] = count
    k = _ranges(first, count)
    batch = np.repeat(np.arange(len(full)), count)
    i, frac = _positions(phase, k, batch, n_t)
    return Aligned(
        k, _rows(drained.shank_gyro, k), _rows(drained.shank_accel, k),
        _between(drained.thigh_gyro, i, frac), _between(drained.thigh_accel, i, frac),
        np.cumsum(counts), drained_s, np.asarray(drained.flex_mv, np.int64), _resumes(k), brought,
    )  # fmt: skip


def _reach(phase: Phase, n_s: Ints, n_t: Ints) -> Ints:
    """First shank index of the history whose thigh position is not drained yet (n_s if all are), int64 [B].

    Position grows with k (the slope is at most 8 %), so bisection over the history finds it for all batches at once.
    """
    last = (n_t - 1) << 12
    low, high = np.maximum(n_s - HISTORY, 0), n_s.copy()
    while np.any(low < high):
        middle = (low + high) >> 1
        there = (phase.at(middle, slice(None)) <= last) & (n_t > 0)
        low = np.where(there & (low < high), middle + 1, low)
        high = np.where(there, high, middle)
    return low


def _emission(reach: Ints, n_s: Ints) -> tuple[Ints, Ints]:
    """First index and number of the samples that each batch emits, int64 [B] both."""
    following, first, count = 0, [], []
    for end, drained in zip(reach.tolist(), n_s.tolist(), strict=True):
        following = max(following, drained - HISTORY)
        n = min(max(end - following, 0), MOST_EMITTED)
        first.append(following)
        count.append(n)
        following += n
    return np.array(first, np.int64), np.array(count, np.int64)


def _ranges(first: Ints, count: Ints) -> Ints:
    """first_0, first_0 + 1, … (count_0 of them), first_1, …: int64 [sum(count)]."""
    before = np.cumsum(count) - count
    return np.repeat(first - before, count) + np.arange(int(count.sum()))


def _positions(phase: Phase, k: Ints, batch: Ints, n_t: Ints) -> tuple[Ints, Ints]:
    """Thigh index and Q12 fraction of each emitted sample, limited to the stored history."""
    position = phase.at(k, batch)
    position = np.maximum(position, np.maximum(n_t - HISTORY, 0)[batch] << 12)
    return position >> 12, position & 4095


def _rows(samples: Shorts, k: Ints) -> Shorts:
    contiguous = len(k) == 0 or k[-1] - k[0] + 1 == len(k)
    return samples[k[0] : k[-1] + 1] if len(k) and contiguous else samples[k]


def _between(samples: Shorts, i: Ints, frac: Ints) -> Shorts:
    """a + (((b - a)·frac) >> 12) with a, b the samples i and i + 1, all channels; int16 [K, 3]."""
    if not frac.any():
        return _rows(samples, i) if np.all(np.diff(i) == 1) else samples[i]
    a = samples[i].astype(np.int32)
    b = samples[i + (frac > 0)].astype(np.int32)
    return (a + (((b - a) * frac[:, None].astype(np.int32)) >> 12)).astype(np.int16)


def _resumes(k: Ints) -> Ints:
    return np.flatnonzero(np.diff(k) > 1) + 1
