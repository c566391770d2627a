"""Speed of the three engines and of the virtual sleeve on one synthesised run: ratios within a run are what counts."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from kneecore import params as schema
from kneesleeve import reference
from kneesleeve.engines import core, virtual
from kneesleeve.recordings import Drained, RunnerSpec, drain, synthesise
from kneesleeve.sessions.raw import first_batches

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "kneecore"))
from on_micropython import run_on_board

RUN_S = 180.0
TILES = 8
REPEATS = 3


def median_s(work: Callable[[], object]) -> float:
    """Median wall time of `work` in seconds, after one run that does not count."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def tiled(aligned: reference.Aligned, times: int) -> reference.Aligned:
    """The same aligned samples several times in a row, as one longer run."""
    n, batches = len(aligned), len(aligned.ends)
    step = np.repeat(np.arange(times), n) * n
    batch_step = np.repeat(np.arange(times), batches)
    return reference.Aligned(
        k=np.tile(aligned.k, times) + step,
        shank_gyro=np.tile(aligned.shank_gyro, (times, 1)),
        shank_accel=np.tile(aligned.shank_accel, (times, 1)),
        thigh_gyro=np.tile(aligned.thigh_gyro, (times, 1)),
        thigh_accel=np.tile(aligned.thigh_accel, (times, 1)),
        ends=np.tile(aligned.ends, times) + batch_step * n,
        drained=np.tile(aligned.drained, times) + batch_step * n,
        flex_mv=np.tile(aligned.flex_mv, times),
        resumes=aligned.resumes,
    )


def reference_rate(drained: Drained, params: dict[str, int]) -> float:
    """Samples per second of the reference from aligned samples to strides."""
    record, batch = reference.calibrate(drained, params)
    assert record is not None
    aligned = tiled(reference.align(drained), TILES)
    calibration = reference.Calibration.of(record)
    return len(aligned) / median_s(lambda: reference.detect_aligned(aligned, params, calibration, batch))


def board_rate(form: str, drained: Drained, params: dict[str, int]) -> float:
    """Samples per second of kneecore on MicroPython, as "mpy" (viper) or "bytecode".

    A long run less a short one, so that start-up falls out.
    """
    short = first_batches(drained, len(drained) // 3)
    with tempfile.TemporaryDirectory() as folder:
        number = iter(range(100))

        def timed(run: Drained) -> float:
            return median_s(lambda: run_on_board(Path(folder) / str(next(number)), form, run, params, heap_kib=16384))

        more = len(drained.shank_gyro) - len(short.shank_gyro)
        return more / (timed(drained) - timed(short))


def main() -> None:
    """Print the table."""
    recording, _ = synthesise(RunnerSpec(seed=1, run_s=RUN_S))
    drained, params = drain(recording), schema.defaults() | {"side": 1}
    n = recording.n_samples
    rows = [
        ("reference, aligned samples to strides", reference_rate(drained, params)),
        ("reference, whole run with alignment and donning", n / median_s(lambda: reference.run(drained, params))),
        ("kneecore on CPython", n / median_s(lambda: core.run(drained, params))),
        ("kneecore on MicroPython, bytecode", board_rate("bytecode", drained, params)),
        ("kneecore on MicroPython, viper (.mpy)", board_rate("mpy", drained, params)),
        ("virtual sleeve, with boot, recording and pull", n / median_s(lambda: virtual.run(recording, params))),
    ]
    print(f"{recording.duration_s:.0f} s of motion, {n} samples; medians of {REPEATS}")
    for name, rate in rows:
        print(f"{name:50s} {rate / 1e6:8.3f} M samples/s {rate / 208:9.0f} x real time")


if __name__ == "__main__":
    main()
