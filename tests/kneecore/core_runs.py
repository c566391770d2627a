"""Runs for the tests of kneecore, and the comparison that names the first difference by field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from typing import Any

import numpy as np

from kneecore.params import TABLE, defaults, problem
from kneecore.stride import FIELD_NAMES, NULL
from kneesleeve.engines.result import EngineResult
from kneesleeve.recordings.drain import Drained, drain
from kneesleeve.recordings.recording import Recording
from kneesleeve.recordings.runner import synthesise
from kneesleeve.recordings.spec import RunnerSpec


@lru_cache(maxsize=12)
def runner(**spec: Any) -> Recording:
    """A parametric runner: five squats, 40 s of running unless asked otherwise, half of the late strides collapse."""
    wanted: dict[str, Any] = {"run_s": 40.0, "collapse_share": 0.5, "collapse_from_stride": 36}
    return synthesise(RunnerSpec(**(wanted | spec)))[0]


def params_for(recording: Recording, **changed: int) -> dict[str, int]:
    """The defaults with the recording's leg."""
    return defaults() | {"side": int(recording.side == "R")} | changed


def difference(got: EngineResult, expected: EngineResult) -> str:
    """The first difference between two answers, by stride and field; "" if they are equal."""
    for name in ("accepted_batch", "calibration", "faults", "refreshes", "beats"):
        a, b = getattr(got, name), getattr(expected, name)
        if a != b:
            return f"{name}: got {a}, expected {b}"
    return stride_difference(got.strides, expected.strides)


def stride_difference(got: Sequence[Sequence[int]], expected: Sequence[Sequence[int]]) -> str:
    """The first stride and field that differ, or ""."""
    for i, (a, b) in enumerate(zip_longest(got, expected)):
        if a is None or b is None:
            return f"stride {i}: got {a and tuple(a)}, expected {b and tuple(b)}"
        for name, x, y in zip(FIELD_NAMES, a, b, strict=True):
            if x != y:
                return f"stride {i} (ic {b[1]}), {name}: got {shown(x)}, expected {shown(y)}"
    return ""


def shown(value: int) -> str:
    return "null" if value == NULL else str(value)


def rebatched(run: Drained, rng: np.random.Generator, *, gaps: float = 0.1, most: int = 64) -> Drained:
    """The same samples in other batches: some drains bring nothing, the next up to 64; the thigh is up to 3 behind."""
    total = int(run.n_shank.sum())
    counts: list[int] = []
    waiting = done = 0
    while done < total:
        waiting = min(waiting + int(rng.integers(3, 6)), total - done)
        stalled = rng.random() < gaps and waiting < 3 * most
        counts.append(0 if stalled else min(waiting, most))
        waiting -= counts[-1]
        done += counts[-1]
    n_shank = np.array(counts, np.int64)
    behind = np.minimum(rng.integers(0, 4, len(n_shank)), np.cumsum(n_shank))
    behind[-1] = 0
    n_thigh = np.maximum(np.diff(np.maximum.accumulate(np.cumsum(n_shank) - behind), prepend=0), 0)
    n_thigh = np.minimum(n_thigh, 64)
    thigh = int(n_thigh.sum())
    last = np.maximum(np.cumsum(n_shank), 1) - 1
    mv = np.repeat(run.flex_mv, run.n_shank)[last]
    ticks = 20_000 * np.arange(1, len(n_shank) + 1, dtype=np.int64)
    return Drained(
        n_thigh, n_shank, mv, ticks, run.thigh_gyro[:thigh], run.thigh_accel[:thigh], run.shank_gyro, run.shank_accel
    )


def part(recording: Recording, start_s: float, end_s: float) -> Recording:
    """A stretch of a recording."""
    s = slice(round(start_s * 208), round(end_s * 208))
    flex = None if recording.flex_mv is None else recording.flex_mv[s]
    return replace(
        recording, thigh_gyro=recording.thigh_gyro[s], thigh_accel=recording.thigh_accel[s],
        shank_gyro=recording.shank_gyro[s], shank_accel=recording.shank_accel[s], flex_mv=flex,
    )  # fmt: skip


def with_a_stop(recording: Recording, at_s: float = 62.0, stand_s: float = 7.0) -> Recording:
    """The same run with a stop in it: the recording's own standing once more, `stand_s` of it."""
    return joined(part(recording, 0, at_s), part(recording, 0.2, 0.2 + stand_s), part(recording, at_s, 1e4))


def joined(*parts: Recording) -> Recording:
    """Recordings one after the other."""
    names = ("thigh_gyro", "thigh_accel", "shank_gyro", "shank_accel", "flex_mv")
    return replace(parts[0], **{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


def with_losses(run: Drained, seconds: list[float], lost: list[int]) -> Drained:
    """The run without 0.1 s of samples at each of these times, marked as losses of so many shank samples."""
    keep = np.ones(len(run), bool)
    rows = [int(s * 50) for s in seconds]
    for row in rows:
        keep[row : row + 5] = False

    def samples(name: str, counts: np.ndarray) -> np.ndarray:
        return getattr(run, name)[np.repeat(keep, counts)]

    before = [int(keep[:row].sum()) for row in rows]
    return Drained(
        run.n_thigh[keep], run.n_shank[keep], run.flex_mv[keep], run.ticks_us[keep],
        samples("thigh_gyro", run.n_thigh), samples("thigh_accel", run.n_thigh),
        samples("shank_gyro", run.n_shank), samples("shank_accel", run.n_shank),
        losses=tuple(zip(before, lost, strict=True)),
    )  # fmt: skip


def random_calibration(rng: np.random.Generator) -> list[int]:
    """A valid calibration record: orthonormal frames turned anyhow, biases and flex maps up to their limits."""
    rows = [np.round(8192 * frame(rng)).astype(int).ravel().tolist() for _ in range(2)]
    bias16 = rng.integers(-16 * 214, 16 * 214 + 1, (2, 3)).tolist()
    picks = ((0, 0), (0, 3), (1, 0), (1, 3), (1, 6))
    biases = [sum(rows[i][r + c] * bias16[i][c] for c in range(3)) >> 4 for i, r in picks]
    has_flex = int(rng.integers(0, 2))
    c_q16 = int(rng.integers(-40_000, 40_001))
    b_q8 = int(rng.integers(-1, 2)) * int(rng.integers(0, 700_000 - (abs(c_q16) * 1500 >> 8)))
    flex = (
        [int(rng.integers(50, 3201)), int(rng.integers(-(1 << 20), 1 << 20)), b_q8, c_q16, 1] if has_flex else [0] * 5
    )
    return [0, int(rng.integers(0, 101)), int(rng.choice([1, -1])), *rows[0], *rows[1], *biases, *flex, 5]


def frame(rng: np.random.Generator) -> np.ndarray:
    """A random right-handed orthonormal matrix."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else -q


def random_params(rng: np.random.Generator, *, corners: bool = True) -> dict[str, int]:
    """A valid set of parameters, each at its lowest, its default, its highest or anywhere."""
    while True:
        chosen = {}
        for name, default, lo, hi, _ in TABLE:
            pool = [lo, hi, default, int(rng.integers(lo, hi + 1))] if corners else [int(rng.integers(lo, hi + 1))]
            chosen[name] = int(pool[int(rng.integers(0, len(pool)))])
        if not problem(chosen):
            return chosen


__all__ = [
    "difference", "drain", "frame", "joined", "params_for", "part", "random_calibration", "random_params", "rebatched",
    "runner", "stride_difference", "with_a_stop", "with_losses",
]  # fmt: skip
