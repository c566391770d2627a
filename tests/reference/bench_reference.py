"""Speed of the reference from aligned samples to strides, on a tiled recording; not a test.

usage: PYTHONPATH=host:shared python tests/reference/bench_reference.py RECORDING.npz [TIMES]

The donning is done once; the running part (after it) is tiled TIMES (default 40) behind it. Prints samples/s, the
best of five, on one core, and the share of each stage.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from kneecore.params import defaults
from kneesleeve.recordings.drain import drain
from kneesleeve.recordings.recording import Recording, load_recording
from kneesleeve.reference import Calibration, align, calibrate, detect_aligned
from kneesleeve.reference.bias import biases_over
from kneesleeve.reference.decide import decide
from kneesleeve.reference.detector import measure
from kneesleeve.reference.motion import motion, sagittal
from kneesleeve.reference.reported import strides_of
from kneesleeve.reference.stance import stances
from kneesleeve.reference.stretches import stretches

ARRAYS = ("shank_gyro", "shank_accel", "thigh_gyro", "thigh_accel", "flex_mv")
BLOCK_SAMPLES = 104  # 25 batches


def tiled(recording: Recording, times: int, start: int) -> Recording:
    """The recording with everything after `start` repeated."""
    end = start + (recording.n_samples - start) // BLOCK_SAMPLES * BLOCK_SAMPLES
    arrays = {name: getattr(recording, name) for name in ARRAYS}
    parts = {name: np.concatenate((a[:start], *[a[start:end]] * times)) for name, a in arrays.items()}
    return replace(recording, **parts)


def best_s(stage, repeats: int = 5) -> float:
    """Shortest of some runs, seconds."""
    times = []
    for _ in range(repeats):
        before = time.perf_counter()
        stage()
        times.append(time.perf_counter() - before)
    return min(times)


def main(path: str, times: int = 40) -> None:
    """Measure and print."""
    recording, params = load_recording(Path(path)), defaults()
    params["side"] = 0 if recording.side == "L" else 1
    record, batch = calibrate(drain(recording), params)
    assert record is not None and record[0] == 0, "the donning of this recording does not end well"
    drained = drain(tiled(recording, times, start=batch // 25 * BLOCK_SAMPLES + BLOCK_SAMPLES))
    aligning_s = best_s(lambda: align(drained), 1)
    aligned, calibration = align(drained), Calibration.of(record)
    n = len(aligned) - int(aligned.ends[batch - 1])
    total_s = best_s(lambda: detect_aligned(aligned, params, calibration, batch))
    stretch, window = stretches(aligned, batch)[0], params["flex_window"]
    spans = biases_over(stretch, calibration).spans
    signals = sagittal(stretch, spans, calibration, window)
    knee, found = motion(stretch, spans, signals), strides_of(stretch, spans, signals, params)
    measured, _ = measure(aligned, params, calibration, batch)
    stages = {
        "alignment (not counted)": aligning_s,
        "bias refreshes": best_s(lambda: biases_over(stretch, calibration)),
        "rates and flexion": best_s(lambda: sagittal(stretch, spans, calibration, window)),
        "gait events and gate": best_s(lambda: strides_of(stretch, spans, signals, params)),
        "angles": best_s(lambda: motion(stretch, spans, signals)),
        "strides": best_s(lambda: stances(knee, found, params["rotation_gain_pct"])),
        "decision and cue": best_s(lambda: decide(measured, params)),
        "all, without alignment": total_s,
    }
    print(f"{recording.name} x {times}: {n} samples, {len(measured.ic)} strides, {n / total_s / 1e6:.1f} M samples/s")
    for name, seconds in stages.items():
        print(f"  {name:24s} {seconds / n * 1e9:6.1f} ns/sample")


if __name__ == "__main__":
    main(sys.argv[1], *(int(a) for a in sys.argv[2:3]))
