"""Instructions of the kernel (beside it the same in C) and of a whole batch on the 64-bit unix port, by valgrind.

A count is the difference between a long and a short run of the same program, so that start-up falls out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kneecore import kernel, trig
from kneecore import params as schema
from kneecore.stride import BATCH
from kneesleeve.appbundle import SLOT, app_sources, compile_file
from kneesleeve.engines import core
from kneesleeve.recordings import RunnerSpec, drain, synthesise
from kneesleeve.recordings.drain import Drained
from kneesleeve.virtual.interpreter import find_interpreter

HERE = Path(__file__).resolve().parent
RUN_S = 60.0
COUNTED = 400  # batches whose kernel calls are counted (8 s of running)
LARGE = 64  # samples in the large batches
REPEATS = (1, 3)
BATCHES = (1400, 2000)  # of the run, in the short and the long count; the baseline is set near batch 1250

MHZ, BATCH_MS = 160, 20
CYCLES = 2  # an instruction, assumed: most of a batch is MicroPython's own loop, run from flash through a cache

FORMS = {"C": "C -O2", "text": "viper, compiled on the device", "mpy": "viper, as .mpy", "bytecode": "bytecode"}
DEVICE = ("text", "mpy", "bytecode")

Call = tuple[int, int, "array[int]"]  # samples, wrapped offset of the batch, the samples
Job = tuple[Callable[[int], list[str]], int, int]  # command for a number of steps, the short and the long number


@dataclass(frozen=True)
class Run:
    """The stretch of a parametric runner that is counted, as drained and as the kernel is called on it."""

    drained: Drained
    params: dict[str, int]
    calibration: list[int]
    calls: list[Call]
    strides: list[tuple[int, ...]]

    def write(self, path: Path, calls: Sequence[Call]) -> None:
        """Coefficients, fresh state, table, number of batches, (n, off) of each, samples."""
        words = kernel.coefficients(self.calibration, self.params["arm_dps"])
        heads = array("i", [len(calls)] + [x for n, off, _ in calls for x in (n, off)])
        start = words.tobytes() + kernel.fresh_state(0).tobytes() + trig.table().tobytes()
        path.write_bytes(start + heads.tobytes() + b"".join(samples.tobytes() for _, _, samples in calls))


def running() -> Run:
    """A runner from the first contact on."""
    spec = RunnerSpec(seed=1, run_s=RUN_S, collapse_share=0.3)
    recording, _ = synthesise(spec)
    params = schema.defaults() | {"side": int(recording.side == "R")}
    whole = drain(recording)
    donned = core.run(whole, params)
    assert donned.calibration
    drained, calibration = after(whole, round(spec.run_start_s * 1000 / BATCH_MS)), list(donned.calibration)
    calls: list[Call] = []
    step = kernel.step

    def listening(samples: array[int], n: int, off: int, *rest: array[int]) -> None:
        calls.append((n, off, samples[: 12 * n]))
        step(samples, n, off, *rest)

    kernel.step = listening
    try:
        result = core.run(drained, params, calibration)
    finally:
        kernel.step = step
    assert not result.refreshes, "the biases, and with them the coefficients, must stay"
    return Run(drained, params, calibration, calls, [tuple(s) for s in result.strides])


def after(run: Drained, batch: int) -> Drained:
    """The run without its first batches."""
    s, t = int(run.n_shank[:batch].sum()), int(run.n_thigh[:batch].sum())
    return Drained(
        run.n_thigh[batch:], run.n_shank[batch:], run.flex_mv[batch:], run.ticks_us[batch:],
        run.thigh_gyro[t:], run.thigh_accel[t:], run.shank_gyro[s:], run.shank_accel[s:],
    )  # fmt: skip


def regrouped(calls: Sequence[Call], size: int) -> list[Call]:
    """The same samples in larger batches, each with the offset of its first."""
    samples = array("H", b"".join(s.tobytes() for _, _, s in calls))
    offsets = [off for n, off, _ in calls for _ in range(n)]
    starts = range(0, len(offsets), size)
    return [(min(size, len(offsets) - i), offsets[i], samples[12 * i : 12 * (i + size)]) for i in starts]


def fifo_stream(run: Drained) -> bytes:
    """Per batch: u8 n_shank, u8 n_thigh, i16 mv, then the words of both FIFOs."""
    shank, thigh = fifo_words(run.shank_gyro, run.shank_accel), fifo_words(run.thigh_gyro, run.thigh_accel)
    out = bytearray()
    s = t = 0
    for n_s, n_t, mv in zip(run.n_shank.tolist(), run.n_thigh.tolist(), run.flex_mv.tolist(), strict=True):
        out += bytes((n_s, n_t)) + int(mv).to_bytes(2, "little", signed=True)
        out += shank[s : s + n_s].tobytes() + thigh[t : t + n_t].tobytes()
        s, t = s + n_s, t + n_t
    return bytes(out)


def fifo_words(gyro: np.ndarray, accel: np.ndarray) -> np.ndarray:
    """14 bytes a sample: a gyro word and an accel word."""
    out = np.empty((len(gyro), 14), np.uint8)
    out[:, 0], out[:, 7] = 1 << 3, 2 << 3
    out[:, 1:7] = gyro.astype("<i2").view(np.uint8)
    out[:, 8:14] = accel.astype("<i2").view(np.uint8)
    return out


class Bench:
    """The programs that are counted and the files they read."""

    def __init__(self, folder: Path, run: Run) -> None:
        self._folder = folder
        for size, calls in (("whole", run.calls), ("small", small(run)), ("large", regrouped(small(run), LARGE))):
            run.write(folder / size, calls)
        (folder / "job.json").write_text(json.dumps({"params": run.params, "calibration": run.calibration}))
        (folder / "stream").write_bytes(fifo_stream(run.drained))
        subprocess.run(["gcc", "-O2", "-o", str(folder / "twin"), str(HERE / "kernel_twin.c")], check=True)
        for form in DEVICE:
            self._put_app(form)

    def _put_app(self, form: str) -> None:
        """The app's files as text, as .mpy, or as text without viper."""
        for name, source in app_sources().items():
            path = self._folder / form / Path(name).relative_to(SLOT)
            path.parent.mkdir(parents=True, exist_ok=True)
            if form == "mpy":
                path.with_suffix(".mpy").write_bytes(compile_file(source, "x64"))
            else:
                text = source.read_text()
                path.write_text(text if form == "text" else re.sub(r"(?m)^@micropython\.viper\n", "", text))

    def states(self, form: str) -> bytes:
        """What the kernel made of the whole run: state after every batch, then the history."""
        out = self._folder / f"{form}.out"
        done = subprocess.run(self._kernel(form, "whole", 1, str(out)), check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{FORMS[form]} failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        return out.read_bytes()

    def kernel_job(self, form: str, size: str, *, call: bool) -> Job:
        """Runs of the kernel over the calls of a size; without `call` the loop around it only."""
        return lambda n: self._kernel(form, size, n, "/dev/null" if call else ""), *REPEATS

    def batch_job(self, form: str, parts: str) -> Job:
        """Runs of the first batches through some parts of a batch."""
        files = str(self._folder / "job.json"), str(self._folder / "stream")
        return lambda n: self._device(form, "batch", *files, str(n), parts), *BATCHES

    def _kernel(self, form: str, size: str, repeats: int, out: str) -> list[str]:
        run = str(self._folder / size)
        if form == "C":
            return [str(self._folder / "twin"), run, str(repeats), out]
        return self._device(form, "kernel", run, str(repeats), out)

    def _device(self, form: str, *arguments: str) -> list[str]:
        """Without -I, which would not let PYTHONHASHSEED make equal runs count equal."""
        arguments = (str(self._folder / form), *arguments)
        command = find_interpreter().command(HERE / "instructions_device.py", *arguments, heap_kib=16384, repl=False)
        return [word for word in command if word != "-I"]


def small(run: Run) -> list[Call]:
    """Calls as they come, from where the runner runs."""
    return run.calls[100 : 100 + COUNTED]


def count(jobs: dict[tuple[str, ...], Job]) -> dict[tuple[str, ...], float]:
    """Instructions a step of each job."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        both = {key: [pool.submit(instructions, job[0](n)) for n in job[1:]] for key, job in jobs.items()}
        return {k: (long.result() - short.result()) / (jobs[k][2] - jobs[k][1]) for k, (short, long) in both.items()}


def instructions(command: list[str]) -> int:
    """Instructions that a program executes, itself alone."""
    valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    done = subprocess.run(
        valgrind + command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONHASHSEED": "0"},
    )  # fmt: skip
    found = re.search(r"I +refs: +([\d,]+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"{' '.join(command)} failed under valgrind: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return int(found[1].replace(",", ""))


def print_kernel(bench: Bench, run: Run) -> float:
    """Print instructions per sample; returns those as .mpy in small batches, with the call.

    With c(n) = call / n + sample for n samples a batch, two sizes give both.
    """
    sizes = {form: ("small", "large") if form != "bytecode" else ("large",) for form in FORMS}
    jobs = {(f, s, "call"): bench.kernel_job(f, s, call=True) for f in FORMS for s in sizes[f]}
    loops = {(f, s, "loop"): bench.kernel_job(f, s, call=False) for f in DEVICE for s in sizes[f]}
    ir = count(jobs | loops)
    n, a, b = sum(c[0] for c in small(run)), len(small(run)), len(regrouped(small(run), LARGE))
    cost = {key[:2]: (ir[key] - ir.get((*key[:2], "loop"), 0.0)) / n for key in jobs}
    print(f"kernel, x86-64 instructions    a sample  to C | with its call, {n / a:.1f} a batch  to C   a call")
    sample_c = 0.0
    for form, name in FORMS.items():
        large, with_call = cost[form, "large"], cost.get((form, "small"), 0.0)
        call = (with_call - large) * n / (a - b) if with_call else 0.0
        sample = large - call * b / n
        sample_c = sample_c or sample
        row = f"{name:30s} {sample:8.0f} {sample / sample_c:5.2f} |"
        print(row + (f" {with_call:25.0f} {with_call / cost['C', 'small']:5.2f} {call:8.0f}" if with_call else ""))
    return cost["mpy", "small"]


def print_batch(bench: Bench, run: Run, kernel_cost: float) -> None:
    """Print instructions per batch as .mpy, part by part, and what they come to on a chip."""
    steps = ("", "decode", "decode,align", "decode,detect", "decode,detect,policy", "decode,detect,policy,record",
             "decode,detect,policy,windows")  # fmt: skip
    ir = count({(parts,): bench.batch_job("mpy", parts) for parts in steps})
    loop, decode, align, detect, policy, record, windows = (ir[parts,] for parts in steps)
    n = float(run.drained.n_shank[slice(*BATCHES)].mean())
    strides = sum(BATCHES[0] < s[BATCH] <= BATCHES[1] for s in run.strides) / (BATCHES[1] - BATCHES[0])
    rows = {
        "decode of two FIFOs": decode - loop,
        "align": align - decode,
        "kernel": kernel_cost * n,
        "flexion level, bias, metronome, what ties them": detect - align - kernel_cost * n,
        f"stride, decision, cue ({(policy - detect) / strides:.0f} a stride)": policy - detect,
        "records RAW and STRIDE, packed": record - policy,
    }
    rows["all"] = sum(rows.values())
    held = windows - policy
    print(f"\na batch of {n:.2f} samples and {strides:.3f} strides as .mpy, x86-64 instructions")
    for name, cost in rows.items():
        print(f"{name:50s} {cost:8.0f}")
    print(f"(records at the level windows, a state held at every stride: {held:.0f})")
    share = rows["all"] / (MHZ * 1000 * BATCH_MS)
    print(f"\nEstimate for an ESP32 at {MHZ} MHz, taking as many instructions there as here (README.md):")
    print(f"{share:.1%} of {BATCH_MS} ms at one cycle an instruction, {CYCLES * share:.1%} at {CYCLES}.")
    print("Not in it: bus, ADC, flash, console, waiting.")


def main() -> int:
    """Print both tables, or what is missing; 1 if C and kneecore differ."""
    missing = [tool for tool in ("valgrind", "gcc") if not shutil.which(tool)]
    if missing:
        print(f"Instructions are not counted, for want of {' and '.join(missing)}. On Debian and Ubuntu:")
        print(f"    sudo apt-get install -y {' '.join(missing)}")
        return 0
    run = running()
    with tempfile.TemporaryDirectory(prefix="instructions-") as folder:
        bench = Bench(Path(folder), run)
        differing = [FORMS[form] for form in DEVICE if bench.states(form) != bench.states("C")]
        if differing:
            print(f"kernel_twin.c and kernel.step ({', '.join(differing)}) differ: nothing is counted.")
            return 1
        samples = sum(n for n, _, _ in run.calls)
        print(f"C and kneecore agree on the state after each of {len(run.calls)} batches ({samples} samples).\n")
        print_batch(bench, run, print_kernel(bench, run))
    return 0


if __name__ == "__main__":
    sys.exit(main())
