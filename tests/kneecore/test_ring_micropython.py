"""Ring, queue, writer and stride packer on MicroPython: the same flash to the bit, nothing allocated while writing."""

from __future__ import annotations

import json
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import harness_ring
import pytest
from on_micropython import core_folder

from kneesleeve.errors import LinkError
from kneesleeve.virtual.interpreter import find_interpreter


@lru_cache(maxsize=1)
def expected() -> dict[str, Any]:
    """The same life on CPython."""
    return harness_ring.life(False)


def on_board(tmp_path: Path, form: str, *, lock: bool) -> dict[str, Any]:
    try:
        interpreter = find_interpreter()
    except LinkError as error:
        pytest.skip(error.message)
    arguments = [str(core_folder(tmp_path, form)), str(int(lock))]
    command = interpreter.command(Path(harness_ring.__file__), *arguments, heap_kib=1024, repl=False)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        pytest.fail(f"the ring as {form} did not come through: {done.stdout[-2000:]}{done.stderr[-2000:]}")


@pytest.mark.parametrize("form", ["source", "mpy", "bytecode"])
def test_the_same_flash_and_no_allocation_while_writing(tmp_path, form):
    """Under heap_lock any allocation raises."""
    got = on_board(tmp_path, form, lock=True)
    assert got == expected()
    assert got["allocated"] == 0 and got["head"] > 2 * harness_ring.BLOCKS and len(set(got["images"])) == 5


def test_without_the_lock_the_heap_stays_where_it_is(tmp_path):
    assert on_board(tmp_path, "mpy", lock=False) == expected()
