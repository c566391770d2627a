"""Instructions of the kernel and of a whole batch on the 64-bit unix port, counted by valgrind; beside it the kernel in C.

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
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from kneecore import kernel
from kneecore import params as schema
from kneesleeve.appbundle import SLOT, app_sources, compile_file
from kneesleeve.engines import core
from kneesleeve.recordings import RunnerSpec, drain, synthesise
from kneesleeve.recordings.drain import Drained
from kneesleeve.virtual.interpreter import find_interpreter

HERE = Path(__file__).resolve().parent
RUN_S = 60.0
COUNTED = 800  # batches of the run whose kernel calls are counted (16 s)
LARGE = 64  # samples in the large batches
REPEATS = (1, 3)
BATCHES = (1600, 2600)  # of the run: the baseline is set after the 34th judged stride, near batch 1300
FORMS = {"text": "viper, compiled on the device", "mpy": "viper, as .mpy", "bytecode": "bytecode"}

MHZ, BATCH_MS = 160, 20
CYCLES_PER_INSTRUCTION = 2.0  # assumed for an ESP32 that runs MicroPython's loop from flash through its cache
XTENSA_PER_X86 = 1.15  # viper kernel: 502 Xtensa instructions to 446 of x86, counted in a spike of this chain

Calls = list[tuple[int, int, "array[int]"]]  # n, wrapped offset, samples
Command = Callable[[int], list[str]]


def main() -> int:
    """Print both tables; 1 if a tool is missing or C and kneecore differ."""
    missing = [tool for tool in ("valgrind", "gcc") if not shutil.which(tool)]
    if missing:
        print(f"Instructions are not counted: {' and '.join(missing)} missing. Debian and Ubuntu:")
        print(f"    sudo apt-get install -y {' '.join(missing)}")
        return 1
    with tempfile.TemporaryDirectory(prefix="instructions-") as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        return Bench(Path(folder), pool).run()


class Bench:
    """The runs, their files and their counts."""

    def __init__(self, folder: Path, pool: ThreadPoolExecutor) -> None:
        self._folder, self._pool = folder, pool
        self._twin = folder / "twin"
        self._apps = {form: self._app(form) for form in FORMS}
        compiler = ["gcc", "-O2", "-o", str(self._twin), str(HERE / "kernel_twin.c")]
        subprocess.run(compiler, check=True)

    def run(self) -> int:
        """Compare, count, print."""
        run, params, record = running()
        small = kernel_calls(run, params, record, self._folder / "whole")
        sizes = {"small": small[:COUNTED], "large": regrouped(small[:COUNTED], LARGE)}
        for size, calls in sizes.items():
            append_calls(self._folder / size, self._folder / "whole", calls)
        append_calls(self._folder / "whole", self._folder / "whole", small)
        differing = [form for form in FORMS if self._states(form) != self._states("C")]
        if differing:
            print(f"kernel_twin.c and kernel.step differ as {', '.join(differing)}: no counts.")
            return 1
        samples = sum(n for n, _, _ in small)
        print(f"C and kneecore agree: state after each of {len(small)} batches ({samples} samples) and history.\n")
        kernel_ir = self._kernel_table(sizes)
        self._batch_table(run, params, record, kernel_ir)
        return 0

    def _app(self, form: str) -> Path:
        """The app's files as text, as .mpy, or as text without viper."""
        for name, source in app_sources().items():
            path = self._folder / form / Path(name).relative_to(SLOT)
            path.parent.mkdir(parents=True, exist_ok=True)
            if form == "mpy":
                path.with_suffix(".mpy").write_bytes(compile_file(source, "x64"))
            else:
                text = source.read_text()
                path.write_text(text if form == "text" else re.sub(r"(?m)^@micropython\.viper\n", "", text))
        return self._folder / form

    def _device(self, form: str, *arguments: str) -> list[str]:
        """Without -I: only then is PYTHONHASHSEED heard, and equal runs count equal."""
        arguments = (str(self._apps[form]), *arguments)
        command = find_interpreter().command(HERE / "instructions_device.py", *arguments, heap_kib=16384, repl=False)
        return [word for word in command if word != "-I"]

    def _kernel_run(self, form: str, size: str, repeats: int, out: str) -> list[str]:
        if form == "C":
            return [str(self._twin), str(self._folder / size), str(repeats), out or "/dev/null"]
        return self._device(form, "kernel", str(self._folder / size), str(repeats), out)

    def _states(self, form: str) -> bytes:
        out = self._folder / f"{form}.out"
        subprocess.run(self._kernel_run(form, "whole", 1, str(out)), check=True, stdin=subprocess.DEVNULL)
        return out.read_bytes()

    def _difference(self, command: Command, short: int, long: int) -> Future[float]:
        """Instructions per step between a short and a long run."""
        both = [self._pool.submit(instructions, command(n)) for n in (short, long)]
        return Later(lambda: (both[1].result() - both[0].result()) / (long - short))

    def _kernel_table(self, sizes: dict[str, Calls]) -> dict[str, float]:
        """Print instructions per sample; returns those of the small batches with their calls, by form."""
        counts: dict[tuple[str, str], tuple[Any, Any]] = {}
        for form in ("C", *FORMS):
            for size in sizes if form != "bytecode" else ("large",):
                work = self._difference(lambda n, f=form, s=size: self._kernel_run(f, s, n, "/dev/null"), *REPEATS)
                empty = self._difference(lambda n, f=form, s=size: self._kernel_run(f, s, n, ""), *REPEATS)
                counts[form, size] = work, empty if form != "C" else None
        samples = sum(n for n, _, _ in sizes["small"])
        ir = {key: (work.result() - (empty.result() if empty else 0)) / samples for key, (work, empty) in counts.items()}
        a, b = samples / len(sizes["small"]), samples / len(sizes["large"])
        print(f"Kernel, instructions (x86-64), ratio to C      a sample   ratio | in batches of {a:.1f}: with call   ratio    a call")
        c_loop = 0.0
        for form in ("C", *FORMS):
            large, small = ir[form, "large"], ir.get((form, "small"))
            call = (small - large) / (1 / a - 1 / b) if small else 0.0
            loop = large - call / b
            c_loop = c_loop or loop
            row = f"{FORMS.get(form, 'C -O2'):42s} {loop:12.0f} {loop / c_loop:7.2f}"
            print(row + (f" | {small:31.0f} {small / ir['C', 'small']:7.2f} {call:9.0f}" if small else " |"))
        return {form: ir.get((form, "small"), 0.0) for form in FORMS}

    def _batch_table(self, run: Drained, params: dict[str, int], record: list[int], kernel_ir: dict[str, float]) -> None:
        job, stream = self._folder / "job.json", self._folder / "stream"
        job.write_text(json.dumps({"params": params, "calibration": record}))
        stream.write_bytes(fifo_stream(run))
        n_s = run.n_shank[BATCHES[0] : BATCHES[1]].mean()
        steps = ("", "decode", "decode,align", "decode,detect", "decode,detect,policy", "decode,detect,policy,record")
        counts = {
            (form, parts): self._difference(
                lambda n, f=form, p=parts: self._device(f, "batch", str(job), str(stream), str(n), p), *BATCHES
            )
            for form in ("text", "mpy")
            for parts in steps
        }
        print(f"\nA whole batch ({n_s:.2f} samples), instructions (x86-64)       text       mpy")
        columns = []
        for form in ("text", "mpy"):
            loop, dec, align, detect, policy, record_ = (counts[form, parts].result() for parts in steps)
            step = kernel_ir[form] * n_s
            rest = detect - dec - (align - dec) - step
            columns.append((dec - loop, align - dec, step, rest, policy - detect, record_ - policy, record_ - loop))
        names = (
            "decode two FIFOs", "align", "kernel", "flexion level, bias, glue between them",
            "stride, decision, cue (one stride in 7 s of 20 ms)", "RAW and STRIDE records", "all",
        )  # fmt: skip
        for name, text, mpy in zip(names, *columns, strict=True):
            print(f"{name:52s} {text:9.0f} {mpy:9.0f}")
        cycles = columns[1][-1] * XTENSA_PER_X86 * CYCLES_PER_INSTRUCTION
        share = cycles / (MHZ * 1000 * BATCH_MS)
        print(
            f"\nEstimate for an ESP32 at {MHZ} MHz: {share:.1%} of {BATCH_MS} ms, with {XTENSA_PER_X86} Xtensa instructions for one of\n"
            f"x86-64 and {CYCLES_PER_INSTRUCTION:g} cycles an instruction (both assumed; not measured on a chip). Not in it: bus, ADC, flash, console, waiting."
        )


class Later:
    """A result that is computed from others when it is asked for."""

    def __init__(self, result: Callable[[], float]) -> None:
        self.result = result
