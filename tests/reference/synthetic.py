"""Small runs made by hand: constant channels, and a runner whose every stride is known."""

from __future__ import annotations

import numpy as np

from kneesleeve.recordings.drain import Drained
from kneesleeve.reference import Aligned, align

STEP, STANCE = 146, 52  # samples of a stride, and of its contact up to where the knee flexes again
FIRST_IC = STEP + 60  # of the first stride that is reported
IDENTITY = (8192, 0, 0, 0, 8192, 0, 0, 0, 8192)
U_PER_DEG = 104000 / 35


def drained(n_shank, n_thigh, shank_gyro, thigh_gyro, shank_accel=None, thigh_accel=None, flex_mv=None) -> Drained:
    """A run from its arrays; accelerations default to rest, flex to none."""
    n_shank, n_thigh = np.asarray(n_shank, np.int64), np.asarray(n_thigh, np.int64)
    batches = len(n_shank)
    rest = [0, 0, 2049]
    shank_accel = np.tile(rest, (len(shank_gyro), 1)) if shank_accel is None else shank_accel
    thigh_accel = np.tile(rest, (len(thigh_gyro), 1)) if thigh_accel is None else thigh_accel
    flex_mv = np.full(batches, -1) if flex_mv is None else flex_mv
    imu = (np.asarray(a).astype(np.int16) for a in (thigh_gyro, thigh_accel, shank_gyro, shank_accel))
    return Drained(n_thigh, n_shank, np.asarray(flex_mv, np.int64), 20000 * np.arange(1, batches + 1), *imu)


def record(side: int = 1, rows=IDENTITY, biases=(0, 0, 0, 0, 0), **flex: int) -> tuple[int, ...]:
    """A calibration with both sensors aligned with their segments."""
    names = ("mv0", "a", "b_q8", "c_q16", "has_flex")
    return (0, 0, side, *rows, *rows, *biases, *(flex.get(n, 0) for n in names), 5)


def counts_of(samples: int) -> np.ndarray:
    """Samples in each 20 ms batch: 4 or 5, 104 in 25 batches."""
    return np.diff(-(-104 * np.arange(samples * 25 // 104 + 1) // 25))


def runner(strides: int, bump_deg: np.ndarray, side: int = 1) -> Drained:
    """A runner with a step that leads in and `strides` strides; in stride i the shank turns inward by bump_deg[i].

    The thigh does not move, so abduction is the shank's own frontal turn. The plateau covers 20 … 85 % of stance.
    Flexion rises by 9 deg in stance and by 47 deg in swing.
    """
    n = STEP * (strides + 2)
    shank, accel = np.zeros((n, 3)), np.tile([0.0, 0.0, 2049.0], (n, 1))
    for i in range(-1, strides):
        ic = STEP * i + FIRST_IC
        shank[ic - 30 : ic - 2, 1] = -5000  # forward swing
        shank[ic - 2 : ic + 25, 1] = 1000  # contact: the shank leans forward, the knee flexes
        shank[ic + 25 : ic + STANCE, 1] = -1000  # extends
        shank[ic + STANCE : ic + STANCE + 35, 1] = 4000  # flexes again in swing
        accel[ic + 1 : ic + 20, 2] += 4000
        turn = side * bump_deg[i] * U_PER_DEG / 8 if i >= 0 else 0
        shank[ic + 2 : ic + 10, 0] = round(turn)
        shank[ic + 46 : ic + 54, 0] = -round(turn)
    counts = counts_of(n)
    n = int(counts.sum())
    return drained(counts, counts, shank[:n], np.zeros((n, 3)), accel[:n])


def with_loss(run: Drained, batch: int, samples: int) -> Aligned:
    """The run aligned, as if `samples` had been lost before batch `batch`."""
    a = align(run)
    at = int(a.ends[batch - 2])
    k = a.k + samples * (np.arange(len(a)) >= at)
    later = a.drained + samples * (np.arange(1, len(a.drained) + 1) >= batch)
    channels = a.shank_gyro, a.shank_accel, a.thigh_gyro, a.thigh_accel
    return Aligned(k, *channels, a.ends, later, a.flex_mv, np.append(a.resumes, at), a.brought)
