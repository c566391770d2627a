"""kneecore and the reference stay equal on what no leg makes: noise, saturation, stuck sensors, steps, torn drains.

A failure prints Hypothesis' example: the seed makes the run again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from core_runs import difference, drain, params_for, part, random_calibration, random_params, rebatched, runner
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kneecore import stride as f
from kneesleeve import reference
from kneesleeve.engines import core
from kneesleeve.recordings.drain import Drained
from kneesleeve.recordings.recording import Recording

SEED = st.integers(0, 2**32 - 1)
CALM = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
IMU = ("thigh_gyro", "thigh_accel", "shank_gyro", "shank_accel")


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
    return full.astype(np.int16)


def counts(rng: np.random.Generator, batches: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples a batch for shank and thigh: 0 ... most, never so far apart that history is lost."""
    n_shank = rng.integers(0, rng.choice([2, 6, 17, most + 1]), batches)
    n_shank[0] = 4  # what "the flex reading of batch 1" is where batch 1 is empty, §4.2 does not say
    apart = np.clip(np.cumsum(rng.integers(-3, 4, batches)), -20, 20)
    n_thigh = np.clip(np.diff(np.maximum.accumulate(np.maximum(np.cumsum(n_shank) + apart, 0)), prepend=0), 0, 64)
    return n_shank.astype(np.int64), n_thigh.astype(np.int64)


def stream(seed: int, kind: str, batches: int) -> Drained:
    rng = np.random.default_rng(seed)
    # 64 samples of white noise may complete three steps, of which the kernel keeps two; no gait does
    n_shank, n_thigh = counts(rng, batches, 64 if kind in ("stuck", "smooth") else 32)
    s, t = int(n_shank.sum()), int(n_thigh.sum())
    mv = np.where(rng.random(batches) < 0.3, rng.integers(-1, 3300, batches), rng.integers(600, 1200))
    ticks = 20_000 * np.arange(1, batches + 1, dtype=np.int64)
    arrays = [noise(rng, n, kind) for n in (t, t, s, s)]
    return Drained(n_thigh, n_shank, mv.astype(np.int64), ticks, *arrays)


@settings(CALM, max_examples=120)
@given(SEED, st.sampled_from(["random", "saturated", "stuck", "steps", "smooth"]), st.integers(1, 160))
def test_noise_under_any_frame_and_parameters(seed, kind, batches):
    run = stream(seed, kind, batches)
    assume(not len(reference.align(run).resumes))  # lost history: not specified
    rng = np.random.default_rng(seed + 1)
    calibration, params = random_calibration(rng), random_params(rng)
    got = core.run(run, params, calibration)
    assert difference(got, reference.run(run, params, calibration)) == ""


@cache
def donned(side: str) -> tuple[Recording, tuple[int, ...]]:
    """A runner and the calibration of its donning."""
    whole = runner(seed=1 if side == "L" else 4, side=side, style="steady", misalignment_deg=25.0, gyro_bias_dps=3.0)
    calibration = core.run(drain(part(whole, 0, 32)), params_for(whole)).calibration
    assert calibration is not None and not calibration[0]
    return whole, calibration


def spoilt(recording: Recording, rng: np.random.Generator) -> Recording:
    """Some stretches of some channels stand still, hit their limits or are noise; the flex sensor drops out."""
    arrays = {name: getattr(recording, name).copy() for name in IMU}
    for _ in range(int(rng.integers(0, 8))):
        a = arrays[IMU[int(rng.integers(0, 4))]]
        start, length, channel = int(rng.integers(0, len(a))), int(rng.integers(1, 200)), int(rng.integers(0, 3))
        stretch = a[start : start + length, channel]
        kind = int(rng.integers(0, 4))
        if kind == 0:
            stretch[:] = stretch[0]
        elif kind == 1:
            stretch[:] = rng.choice([-32768, -32700, -32699, 32699, 32700, 32767])
        elif kind == 2:
            stretch[:] = np.clip(stretch.astype(int) * 4, -32768, 32767)
        else:
            stretch[:] = rng.integers(-32768, 32768, len(stretch))
    assert recording.flex_mv is not None
    flex = recording.flex_mv.copy()
    if rng.random() < 0.5:
        start = int(rng.integers(0, len(flex)))
        flex[start : start + int(rng.integers(1, 2000))] = rng.choice([0, 49, 3201, 3300])
    return replace(recording, flex_mv=flex, **arrays)


@settings(CALM, max_examples=16)
@given(SEED, st.sampled_from(["L", "R"]))
def test_running_with_spoilt_stretches_and_parameter_corners(seed, side):
    rng = np.random.default_rng(seed)
    whole, calibration = donned(side)
    recording = spoilt(part(whole, 29, 66), rng)
    run = rebatched(drain(recording), rng, gaps=0.1) if rng.random() < 0.6 else drain(recording)
    params = random_params(rng) | {"side": int(side == "R")}
    assume(not len(reference.align(run).resumes))
    got = core.run(run, params, calibration)
    assert difference(got, reference.run(run, params, calibration)) == ""


@settings(CALM, max_examples=10)
@given(SEED)
def test_donning_with_spoilt_stretches(seed):
    rng = np.random.default_rng(seed)
    whole, _ = donned("R")
    recording = spoilt(part(whole, 0, 36), rng)
    params = params_for(whole)
    run = drain(recording) if rng.random() < 0.5 else rebatched(drain(recording), rng, gaps=0.05)
    assume(not len(reference.align(run).resumes))
    assert difference(core.run(run, params), reference.run(run, params)) == ""


def test_the_spoilt_runs_do_reach_strides_that_are_not_judged():
    """Guards the test above: its runs must hold judged, unjudged, learning and later strides."""
    rng = np.random.default_rng(3)
    whole, calibration = donned("L")
    reasons: set[int] = set()
    for _ in range(5):
        run = drain(spoilt(part(whole, 29, 69), rng))
        reasons |= set(core.run(run, params_for(whole), calibration).column("reason"))
    assert {f.R_WITHIN, f.R_CUED, f.R_LEARNING, f.R_UNJUDGED} <= reasons
