"""kneecore and the reference stay equal on what no leg makes: noise, saturation, stuck sensors, steps, torn drains.

Pure noise gives no strides, so there every stance and the history of the last samples are compared as well; disturbances
on top of a runner must reach strides, unjudged ones, overs and cues. A failure names the seed that makes the run again.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from core_runs import difference, drain, params_for, part, random_calibration, random_params, rebatched
from disturbed import corner_params, disturbed, donned, nearby, tally, torn

from kneecore import kernel
from kneecore.pipeline import Pipeline
from kneesleeve import reference
from kneesleeve.engines import core
from kneesleeve.recordings.drain import Drained
from kneesleeve.reference import Aligned, Calibration
from kneesleeve.reference.bias import biases_over
from kneesleeve.reference.clipping import clipped_before
from kneesleeve.reference.events import find_steps
from kneesleeve.reference.kernel import axial_acceleration
from kneesleeve.reference.motion import motion, sagittal
from kneesleeve.reference.stretches import stretches

KINDS = ("random", "saturated", "stuck", "steps", "smooth", "swings")
LOOKED_AT = 500  # samples of history
COLUMNS = {"A": kernel.H_A, "theta": kernel.H_T, "Z": kernel.H_Z, "B": kernel.H_B, "fr": kernel.H_FR, "az": kernel.H_AZ}


def noise(rng: np.random.Generator, n: int, kind: str) -> np.ndarray:
    """int16 [n, 3] of one chip's gyro or accelerometer."""
    full = rng.integers(-32768, 32768, (n, 3))
    if kind == "saturated":
        full = np.where(rng.random((n, 3)) < 0.5, rng.choice([-32768, 32767], (n, 3)), full)
    elif kind == "stuck":
        full = np.broadcast_to(full[:1], (n, 3)).copy()
    elif kind == "steps":
        full = full[np.sort(rng.integers(0, n, n))] if n else full
    elif kind == "smooth" and n:
        full = np.cumsum(rng.normal(0, 900, (n, 3)), axis=0)
        full = (full + 32768) % 65536 - 32768
    elif kind == "swings" and n:
        swing = np.sin(np.arange(n) / rng.uniform(8, 25))[:, None] * rng.choice([-40000, 40000], 3)
        full = np.clip(swing + rng.normal(0, 3000, (n, 3)), -32768, 32767)
    return full.astype(np.int16)


def counts(rng: np.random.Generator, batches: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples a batch for shank and thigh: 0 ... 64, never so far apart that history is lost; the first may be empty."""
    n_shank = rng.integers(0, rng.choice([2, 6, 17, 65]), batches)
    n_shank[: int(rng.integers(0, 4))] = 0
    apart = np.clip(np.cumsum(rng.integers(-3, 4, batches)), -20, 20)
    n_thigh = np.clip(np.diff(np.maximum.accumulate(np.maximum(np.cumsum(n_shank) + apart, 0)), prepend=0), 0, 64)
    return n_shank.astype(np.int64), n_thigh.astype(np.int64)


def stream(rng: np.random.Generator, kind: str) -> Drained:
    batches = int(rng.integers(1, 250))
    n_shank, n_thigh = counts(rng, batches)
    s, t = int(n_shank.sum()), int(n_thigh.sum())
    mv = np.where(rng.random(batches) < 0.3, rng.integers(-1, 3300, batches), rng.integers(600, 1200))
    ticks = 20_000 * np.arange(1, batches + 1, dtype=np.int64)
    arrays = [noise(rng, n, kind) for n in (t, t, s, s)]
    return Drained(n_thigh, n_shank, mv.astype(np.int64), ticks, *arrays)


def core_stances(pipe: Pipeline, run: Drained) -> list[tuple[int, ...]]:
    """Batch, ic, to, jerk, last clipped sample and clipped samples so far of every complete stance in the kernel's words."""
    found = []
    bits = core.drive(pipe, run)
    for batch, (s, t) in enumerate(zip(run.n_shank.tolist(), run.n_thigh.tolist(), strict=True), 1):
        next(bits)
        if s or t:
            st = pipe._state
            # a batch that emits nothing leaves the words of the one before
            events = st[kernel.S_EVENTS] if st[kernel.S_K] != (found_k := getattr(pipe, "_seen_k", None)) else 0
            pipe._seen_k = st[kernel.S_K]
            del found_k
            for e in range(events):
                at = kernel.S_EVENT0 + kernel.EVENT_WORDS * e
                ic, to, jerk, clipped_at, clips = st[at : at + kernel.EVENT_WORDS]
                found.append((batch, ic, to, jerk - kernel.H_BIAS, clipped_at - (1 << 28), clips))
    return found
