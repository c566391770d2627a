"""Runs kneecore inside MicroPython: from its source, compiled, or with viper switched off."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kneecore
from kneesleeve.appbundle import HOST_ONLY, compile_file
from kneesleeve.engines.result import EngineResult
from kneesleeve.errors import LinkError
from kneesleeve.recordings.drain import Drained
from kneesleeve.virtual.interpreter import find_interpreter

HARNESS = Path(__file__).with_name("harness_core.py")
CORE = Path(kneecore.__file__).parent


@dataclass(frozen=True)
class BoardRun:
    """What the interpreter said: the answer, its last state, bytes allocated while running, over how many samples."""

    result: EngineResult
    state: bytes
    allocated: int
    running_samples: int


def core_folder(tmp_path: Path, form: str) -> Path:
    """A folder with kneecore as "source", "mpy" (cross-compiled for this interpreter) or "bytecode" (no viper)."""
    folder = tmp_path / form / "kneecore"
    folder.mkdir(parents=True)
    for path in CORE.glob("*.py"):
        if path.stem in HOST_ONLY:
            continue
        if form == "mpy":
            (folder / f"{path.stem}.mpy").write_bytes(compile_file(path, "x64"))
        else:
            text = path.read_text()
            (folder / path.name).write_text(without_viper(text) if form == "bytecode" else text)
    return folder.parent


def without_viper(text: str) -> str:
    """The same text as plain bytecode: no decorator; annotations are not evaluated, buffers are used as they are."""
    return re.sub(r"^@micropython\.viper\n", "", text, flags=re.MULTILINE)


def run_on_board(
    tmp_path: Path, form: str, run: Drained, params: dict[str, int], calibration: Sequence[int] | None = None,
    *, lock: bool = False, heap_kib: int = 4096,
) -> BoardRun:  # fmt: skip
    """Every batch of a run through kneecore on MicroPython. Fails the test with what the interpreter printed."""
    try:
        interpreter = find_interpreter()
    except LinkError as error:
        pytest.skip(error.message)
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "stream.bin").write_bytes(stream_of(run))
    job = {"params": params, "calibration": list(calibration) if calibration else None, "lock": lock}
    (tmp_path / "job.json").write_text(json.dumps(job))
    arguments = [str(core_folder(tmp_path, form)), str(tmp_path / "job.json"), str(tmp_path / "stream.bin")]
    command = interpreter.command(HARNESS, *arguments, heap_kib=heap_kib, repl=False)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        pytest.fail(f"kneecore as {form} did not come through: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    record = tuple(answer["calibration"]) if answer["calibration"] else None
    found = (answer["fault"],) if answer["fault"] else ()
    strides, beats = [tuple(s) for s in answer["strides"]], tuple(tuple(b) for b in answer["beats"])
    result = EngineResult(record, answer["accepted_batch"], strides, found, beats, tuple(answer["refreshes"]))
    return BoardRun(result, bytes.fromhex(answer["state"]), answer["allocated"], answer["running_samples"])


def stream_of(run: Drained) -> bytes:
    """The run as harness_core.py reads it."""
    shank = np.hstack([run.shank_gyro, run.shank_accel]).astype("<i2")
    thigh = np.hstack([run.thigh_gyro, run.thigh_accel]).astype("<i2")
    out = bytearray()
    s = t = 0
    for n_s, n_t, mv in zip(run.n_shank.tolist(), run.n_thigh.tolist(), run.flex_mv.tolist(), strict=True):
        out += bytes((n_s, n_t)) + int(mv).to_bytes(2, "little", signed=True)
        out += shank[s : s + n_s].tobytes() + thigh[t : t + n_t].tobytes()
        s, t = s + n_s, t + n_t
    return bytes(out)
