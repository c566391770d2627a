"""Disturbances on top of a runner: what a chip, a wire or a busy sleeve may do to samples and batches in a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from core_runs import drain, params_for, part, random_params, runner

from kneecore.stride import FIELD_NAMES, R_UNJUDGED
from kneesleeve.engines import core
from kneesleeve.recordings.drain import Drained
from kneesleeve.recordings.recording import Recording

IMU = ("thigh_gyro", "thigh_accel", "shank_gyro", "shank_accel")
LIMITS = (-32768, -32700, -32699, 32699, 32700, 32767)  # ±32700: clipped, ±32699: not


@cache
def donned(side: str) -> tuple[Recording, tuple[int, ...]]:
    """A runner whose strides collapse late, and the calibration of its donning."""
    whole = runner(
        seed=1 if side == "L" else 4, side=side, style="steady", run_s=60.0, misalignment_deg=25.0, gyro_bias_dps=3.0
    )
    calibration = core.run(drain(part(whole, 0, 32)), params_for(whole)).calibration
    assert calibration is not None and not calibration[0]
    return whole, calibration


def stretch(values: np.ndarray, rng: np.random.Generator, kind: str) -> np.ndarray:
    """int16 [n, channels] of a runner, disturbed."""
    n, width = values.shape
    if kind == "stuck":
        out = np.repeat(values[:1], n, axis=0)
    elif kind == "saturated":
        out = np.repeat(rng.choice(LIMITS, (1, width)), n, axis=0)
    elif kind == "corners":
        out = rng.choice(LIMITS, (n, width))
    elif kind == "steps":
        out = rng.integers(-32768, 32768, (n, width))[np.sort(rng.integers(0, n, n))]
    elif kind == "offset":
        out = values.astype(int) + rng.integers(-8000, 8000, (1, width))
    elif kind == "loud":
        out = values.astype(int) * int(rng.integers(2, 9))
    else:
        out = rng.integers(-32768, 32768, (n, width))
    return np.clip(out, -32768, 32767).astype(np.int16)


KINDS = ("stuck", "saturated", "corners", "steps", "offset", "loud", "random")


def disturbed(recording: Recording, rng: np.random.Generator, most: int = 12) -> Recording:
    """Up to `most` stretches of 1 ... 400 samples of a channel or a chip, more clipped spikes; no flex at times."""
    arrays = {name: getattr(recording, name).copy() for name in IMU}
    for i in range(3 * int(rng.integers(0, most + 1))):
        spike = i % 3 > 0
        a = arrays[str(rng.choice(IMU[::2] if spike else IMU))]
        length = round(np.exp(rng.uniform(0, np.log(4 if spike else 400))))
        start = int(rng.integers(0, len(a) - length))
        channels = slice(0, 3) if rng.random() < 0.5 else slice(c := int(rng.integers(0, 3)), c + 1)
        piece = a[start : start + length, channels]
        piece[:] = stretch(piece, rng, "saturated" if spike else str(rng.choice(KINDS)))
    assert recording.flex_mv is not None
    flex = recording.flex_mv.copy()
    for _ in range(int(rng.integers(0, 3))):
        start = int(rng.integers(0, len(flex)))
        flex[start : start + int(rng.integers(1, 2000))] = rng.choice([-1, 0, 49, 50, 3200, 3201, 3300])
    return replace(recording, flex_mv=flex, **arrays)


def torn(recording: Recording, rng: np.random.Generator, ppm: int) -> Drained:
    """Batches of 0 ... 64 samples: drains come late, stall or find one chip empty; the thigh's clock is off by ppm."""
    rate, n = 1 + ppm * 1e-6, len(recording.shank_gyro)
    m = int(n * rate)
    of_thigh = np.minimum((np.arange(m) / rate).astype(int), n - 1)
    late = str(rng.choice(["never", "some", "all", "long"]))
    shank, thigh, time = [0], [0], 0.0
    while time < n:
        step = 4.16
        if late == "some" and rng.random() < 0.05:
            step *= int(rng.integers(1, 14))
        elif late == "all":
            step = rng.uniform(0, 12)
        elif late == "long" and rng.random() < 0.02:
            step = 60.0
        time = min(time + step, n)
        empty = rng.random() < 0.02, rng.random() < 0.02
        for now, end, chip, none in ((time, n, shank, empty[0]), (time * rate, m, thigh, empty[1])):
            chip.append(chip[-1] if none else min(int(now), chip[-1] + 64, end))
    n_shank, n_thigh = np.diff(shank).astype(np.int64), np.diff(thigh).astype(np.int64)
    assert recording.flex_mv is not None
    mv = recording.flex_mv[np.maximum(np.array(shank[1:]), 1) - 1].astype(np.int64)
    samples = (getattr(recording, name) for name in IMU)
    thigh_gyro, thigh_accel, shank_gyro, shank_accel = samples
    return Drained(
        n_thigh, n_shank, mv, 20_000 * np.arange(1, len(mv) + 1, dtype=np.int64),
        thigh_gyro[of_thigh[: thigh[-1]]], thigh_accel[of_thigh[: thigh[-1]]],
        shank_gyro[: shank[-1]], shank_accel[: shank[-1]],
    )  # fmt: skip


def nearby(calibration: Sequence[int], rng: np.random.Generator) -> list[int]:
    """A given calibration: the donning's own, or turned by up to 8 deg, with other biases and another flex map."""
    record = list(calibration)
    if rng.random() < 0.4:
        return record
    for first in (3, 12):
        x, y, z = np.deg2rad(rng.uniform(-8, 8, 3))
        turn, _ = np.linalg.qr(np.array([[1, -z, y], [z, 1, -x], [-y, x, 1]]))
        turn *= np.sign(np.diag(turn))
        rows = turn @ np.array(record[first : first + 9]).reshape(3, 3)
        record[first : first + 9] = np.round(rows).astype(int).ravel().tolist()
    record[21:26] = (np.array(record[21:26]) + rng.integers(-8192 * 40, 8192 * 40, 5)).tolist()
    if rng.random() < 0.3:
        record[26:31] = [0] * 5
    return record


def corner_params(rng: np.random.Generator, side: str) -> dict[str, int]:
    """Corners of every parameter; more often than not, what decides about stances, overs and cues is milder."""
    params = random_params(rng)
    if rng.random() < 0.67:
        params |= {"arm_dps": int(rng.integers(80, 200)), "contact_jerk_mg": int(rng.integers(200, 900))}
    if rng.random() < 0.5:
        params |= {"threshold_floor_mdeg": 500, "threshold_cap_mdeg": int(rng.integers(500, 3000))}
    if rng.random() < 0.5:
        params |= {"cue_mode": 1, "cue_k": 1, "run_number": int(rng.integers(1, 8)), "cue_min_ms": 60}
    return params | {"side": int(side == "R")}


def tally(strides: Iterable[Sequence[int]]) -> Counter[str]:
    """What a run has reached: strides, those not judged, over and cued."""
    found: Counter[str] = Counter(runs=1)
    for s in strides:
        stride: dict[str, Any] = dict(zip(FIELD_NAMES, s, strict=True))
        found["strides"] += 1
        found["unjudged"] += stride["reason"] == R_UNJUDGED
        found["over"] += stride["over"]
        found["cued"] += stride["cue_ms"] > 0
    found["with_strides"] = int(found["strides"] > 0)
    return found


__all__ = ["corner_params", "disturbed", "donned", "nearby", "tally", "torn"]
