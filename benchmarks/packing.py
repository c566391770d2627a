"""How small and how fast RAW records are: ours beside general packers on the same records, and the cost on MicroPython.

    .venv/bin/python benchmarks/packing.py [--data FOLDER] [--seconds N]

FOLDER holds folders of recordings (`.npz`); without it, and without the development recordings beside the checkout, the
built-in runner is packed. Every record is packed by itself, by the others too, for a record must be readable alone.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import statistics
import subprocess
import tempfile
import time
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import zstandard
from numpy.typing import NDArray

import kneecore
from kneecore.packing import Packer
from kneesleeve.recordings import Drained, RunnerSpec, drain, load_recording, synthesise
from kneesleeve.sessions.packing import decode
from kneesleeve.sessions.packing_bits import quotients
from kneesleeve.virtual.interpreter import find_interpreter

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
PREFIX, TABLE_PREFIX, HEAD = 60, 12, 12  # bytes
PAIRS_OF_4_HOURS = 4 * 3600 * 208
COLUMNS = ("RAW, samples", "RAW, whole payload", "zlib -9", "zstd -19", "FLAC", "FLAC, one file")


def packed(run: Drained) -> list[bytes]:
    """The RAW payloads of a run, as the sleeve's recorder writes them."""
    packer, out, payloads = Packer(), bytearray(2048), []
    for b in run.batches():
        chips = [np.hstack(p).astype(np.int16) for p in ((b.shank_gyro, b.shank_accel), (b.thigh_gyro, b.thigh_accel))]
        shank, thigh = (array("h", chip.tobytes()) for chip in chips)
        batch = (b.index, b.ticks_us % (1 << 30), b.flex_mv, shank, len(shank) // 6, thigh, len(thigh) // 6)
        if not packer.add(*batch):
            payloads.append(bytes(out[: packer.pack(out, 0)]))
            packer.add(*batch)
        if packer.due(b.index):
            payloads.append(bytes(out[: packer.pack(out, 0)]))
    return payloads + [bytes(out[: packer.pack(out, 0)])] * (packer.batches > 0)


def sample_bytes(payload: bytes) -> float:
    """Bytes of a payload that its samples take: their columns' prefixes and bits, without head and batch table."""
    middle = PREFIX + int.from_bytes(payload[6:8], "little")
    table = 4 * (payload[4] - 1)
    unary = int((quotients([payload[PREFIX:middle]]).values[:table] + 1).sum())
    rest = sum(payload[HEAD + c] & 15 for c in range(4)) * (payload[4] - 1)
    return len(payload) - HEAD - TABLE_PREFIX - (unary + rest) / 8


def flac_bytes(samples: NDArray[np.int16]) -> int:
    """FLAC at its highest level, a stream a chip (it takes 8 channels at most)."""
    size = 0
    for chip in (samples[:, :6], samples[:, 6:]):
        file = io.BytesIO()
        soundfile.write(file, chip, 208, format="FLAC", subtype="PCM_16", compression_level=1.0)
        size += len(file.getvalue())
    return size


def ratios(run: Drained) -> list[float]:
    """Packed size over the size of the int16 samples, by COLUMNS."""
    payloads = packed(run)
    zstd = zstandard.ZstdCompressor(level=19, write_content_size=False, write_checksum=False)
    sizes = np.zeros(len(COLUMNS))
    for payload in payloads:
        got = decode([payload])
        samples = np.hstack([got.shank, got.thigh])
        by_channel = samples.T.tobytes()  # better for both than sample by sample
        sizes += (
            sample_bytes(payload), len(payload), len(zlib.compress(by_channel, 9)), len(zstd.compress(by_channel)),
            flac_bytes(samples), 0,
        )  # fmt: skip
    whole = np.hstack([run.shank_gyro, run.shank_accel, run.thigh_gyro, run.thigh_accel])
    sizes[-1] = flac_bytes(whole)
    return (sizes / whole.nbytes).tolist()


def folders(data: Path, seconds: float) -> Iterator[tuple[str, list[Drained]]]:
    """Name and runs per folder, from the start of running where the recording tells it."""
    for folder in sorted(p for p in data.glob("*") if any(p.glob("*.npz"))):
        runs = []
        for path in sorted(folder.glob("*.npz")):
            with np.load(path) as content:
                start = float(content["run_start_s"]) if "run_start_s" in content else 0.0
            runs.append(part(drain(load_recording(path)), start, seconds))
        yield folder.name, runs


def part(run: Drained, start_s: float, seconds: float) -> Drained:
    """So many seconds of a run, both chips having as many samples."""
    first, last = int(start_s * 50), min(len(run), int((start_s + seconds) * 50))
    at = slice(run.shank_bounds[first], run.shank_bounds[last])
    b = slice(first, last)
    return Drained(
        run.n_thigh[b], run.n_shank[b], run.flex_mv[b], run.ticks_us[b],
        run.thigh_gyro[at], run.thigh_accel[at], run.shank_gyro[at], run.shank_accel[at],
    )  # fmt: skip


def sizes(data: Path, seconds: float) -> None:
    """Print the table of sizes."""
    if data.is_dir():
        groups = folders(data, seconds)
    else:
        groups = iter([("built-in runner", [part(drain(synthesise(RunnerSpec(seed=1))[0]), 32.0, seconds)])])
    print(f"size over int16 samples, median of the recordings, at most {seconds:.0f} s of each")
    print(f"{'':24s}" + "".join(f"{name:>20s}" for name in COLUMNS))
    for name, runs in groups:
        medians = np.median([ratios(run) for run in runs], axis=0)
        print(f"{name:18s} {len(runs):4d} " + "".join(f"{100 * m:19.1f}%" for m in medians))


def decoding(payloads: list[bytes]) -> None:
    """Print the time and memory of a 4 hour session."""
    pairs = len(decode(payloads).shank)
    session = payloads * (PAIRS_OF_4_HOURS // pairs + 1)
    start = time.perf_counter()
    n = len(decode(session).shank)
    wall, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"decode 4 h, {n} sample pairs in {len(session)} records: {wall:.1f} s, process at most {peak:.0f} MB")


def device(run: Drained) -> None:
    """Print the time per pair of samples on MicroPython, against the detector's kernel in the same process."""
    with tempfile.TemporaryDirectory() as folder:
        stream = Path(folder) / "samples.bin"
        samples = np.hstack([run.shank_gyro, run.shank_accel, run.thigh_gyro, run.thigh_accel])
        stream.write_bytes(samples.astype("<i2").tobytes())
        arguments = [str(Path(kneecore.__file__).parents[1]), str(stream)]
        command = find_interpreter().command(HERE / "packing_device.py", *arguments, heap_kib=32768, repl=False)
        answers = [json.loads(subprocess.check_output(command, stdin=subprocess.DEVNULL)) for _ in range(5)]
    packing, kernel = (statistics.median(a[name] for a in answers) for name in ("packing_us", "kernel_us"))
    print(
        f"MicroPython, unix port, viper: {packing:.2f} us per pair of samples, kernel.step {kernel:.2f} us: "
        f"{packing / kernel:.1f} times"
    )


def main() -> None:
    """Print it all."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--data", type=Path, default=DATA)
    arguments.add_argument("--seconds", type=float, default=30.0)
    chosen = arguments.parse_args()
    sizes(chosen.data, chosen.seconds)
    run = part(drain(synthesise(RunnerSpec(seed=1))[0]), 32.0, 60.0)
    decoding(packed(run))
    device(run)


if __name__ == "__main__":
    main()
