"""How long a 4-hour raw session takes to open and to decode, and how much memory: `python benchmarks/session_api.py`.

A minute of the built-in runner is packed by the sleeve's own packer and repeated; each reading runs in its own process.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "sessions"))

from session_files import RAW, SessionFile

import kneesleeve
from kneecore.packing import MAX_PAYLOAD, Packer
from kneesleeve.recordings import Batch, RunnerSpec, drain, synthesise

HOURS = 4
BATCHES = HOURS * 3600 * 50
TICKS = 1 << 30
STRIDE_BATCHES = 35


def minute() -> list[Batch]:
    """3,000 batches of running."""
    recording, _ = synthesise(RunnerSpec(seed=1, run_s=66.0))
    return list(drain(recording).batches())[-3100:-100]


def words(gyro: np.ndarray, accel: np.ndarray) -> array[int]:
    return array("h", np.hstack([gyro, accel]).astype("<i2").tobytes())


def packed(batches: list[Batch]) -> Iterator[tuple[int, bytes]]:
    """(batches, payload) of RAW records, as the sleeve packs them; numbered from 1."""
    packer, out = Packer(), bytearray(MAX_PAYLOAD)
    for i, batch in enumerate([*batches, batches[0]], 1):
        shank, thigh = words(batch.shank_gyro, batch.shank_accel), words(batch.thigh_gyro, batch.thigh_accel)
        what = (i, 20_000 * i, batch.flex_mv, shank, len(shank) // 6, thigh, len(thigh) // 6)
        if (i > len(batches) and packer.batches) or not packer.add(*what):
            held = packer.batches
            yield held, bytes(out[: packer.pack(out, 0)])
            packer.add(*what)


def session(version: int, source: list[Batch]) -> bytes:
    """Four hours: the minute again and again, a stride every 0.7 s."""
    made = SessionFile(version=version)
    records = list(packed(source)) if version > 1 else []
    at = 1
    while at <= BATCHES:
        for held, payload in records:
            ticks = (20_000 * at) % TICKS
            made.record(RAW, at.to_bytes(4, "little") + payload[4:8] + ticks.to_bytes(4, "little") + payload[12:])
            at = strides(made, at, at + held)
        if version == 1:
            for batch in source:
                rows = [words(batch.shank_gyro, batch.shank_accel), words(batch.thigh_gyro, batch.thigh_accel)]
                shank, thigh = ([tuple(w[i : i + 6]) for i in range(0, len(w), 6)] for w in rows)
                made.raws([(at, (20_000 * at) % TICKS, batch.flex_mv, shank, thigh)])
                at = strides(made, at, at + 1)
    made.close(at - 1)
    return made.data()


def strides(made: SessionFile, start: int, end: int) -> int:
    for batch in range(start, end):
        if batch % STRIDE_BATCHES == 0:
            made.stride(index=batch // STRIDE_BATCHES, ic=4 * batch, to=4 * batch + 50, judged=1, batch=batch)
    return end


def read(path: str) -> dict[str, float]:
    """In a process of its own."""
    times = {}
    start = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal start
        times[name] = time.perf_counter() - start
        start = time.perf_counter()

    opened = kneesleeve.open_session(path)
    lap("open")
    assert opened.clean
    lap("decode all, losses")
    n = len(opened.shank_t_s) + len(opened.thigh_t_s)
    lap("sample times")
    strides_n = len(opened.strides["ic_s"])
    lap("stride table")
    _ = opened.shank_gyro_dps, opened.shank_accel_g, opened.thigh_gyro_dps, opened.thigh_accel_g
    lap("all samples in units")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return times | {"samples": n, "strides": strides_n, "peak MB": peak}


def main() -> None:
    """Print the table."""
    source = minute()
    with tempfile.TemporaryDirectory() as folder:
        for version in (2, 1):
            path = Path(folder) / f"format{version}.sleeve"
            path.write_bytes(session(version, source))
            done = subprocess.run(
                [sys.executable, __file__, str(path)], check=True, capture_output=True, text=True
            ).stdout
            print(f"format {version}, {HOURS} h, {path.stat().st_size / 1e6:.1f} MB")
            for name, value in json.loads(done).items():
                print(f"  {name:22s} {value:10.2f}" if value < 1000 else f"  {name:22s} {value:10.0f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(read(sys.argv[1])))
    else:
        main()
