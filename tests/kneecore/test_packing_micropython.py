"""The packing on MicroPython: byte for byte what CPython packs, as viper and as bytecode, without allocating."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "sessions"))

from core_runs import drain, runner
from on_micropython import core_folder
from packing_streams import KINDS, Batch, batches_of, pack, stream

from kneesleeve.errors import LinkError
from kneesleeve.virtual.interpreter import find_interpreter

HARNESS = Path(__file__).with_name("harness_packing.py")


def packed_on_board(folder: Path, form: str, batches: list[Batch], *, lock: bool = False) -> tuple[list[bytes], int]:
    """The payloads, and how many bytes of the heap they cost."""
    try:
        interpreter = find_interpreter()
    except LinkError as error:
        pytest.skip(error.message)
    content = b"".join(
        struct.pack("<IIhBB", b.number, b.ticks_us, b.mv, len(b.shank), len(b.thigh))
        + b.shank.astype("<i2").tobytes() + b.thigh.astype("<i2").tobytes()
        for b in batches
    )  # fmt: skip
    (folder / "stream.bin").write_bytes(content)
    arguments = [
        str(core_folder(folder, form)),
        str(folder / "stream.bin"),
        str(folder / "out.bin"),
        "lock" if lock else "",
    ]
    command = interpreter.command(HARNESS, *arguments, heap_kib=8192, repl=False)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        pytest.fail(f"packing as {form} did not come through: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    rest, payloads = (folder / "out.bin").read_bytes(), []
    while rest:
        n = 2 + int.from_bytes(rest[:2], "little")
        payloads.append(rest[2:n])
        rest = rest[n:]
    assert len(payloads) == answer["records"]
    return payloads, answer["allocated"]


@pytest.mark.parametrize("form", ["source", "mpy", "bytecode"])
def test_every_kind_of_stream_packs_to_the_same_bytes(tmp_path, form):
    batches = [b for i, kind in enumerate(KINDS) for most in (1, 6, 64) for b in stream(i, kind, 40, most, 0.1)]
    payloads, _ = packed_on_board(tmp_path, form, batches)
    assert payloads == pack(batches) and len(payloads) > 100


@pytest.mark.parametrize("form", ["source", "mpy"])
def test_packing_allocates_nothing(tmp_path, form):
    """Under heap_lock any allocation raises; without it the heap must be where it was, to the byte."""
    batches = batches_of(drain(runner(seed=1, side="L")))[-1500:]
    for lock in (True, False):
        folder = tmp_path / str(lock)
        folder.mkdir()
        payloads, allocated = packed_on_board(folder, form, batches, lock=lock)
        assert allocated == 0 and len(payloads) > 50
