"""Instructions a byte that the device spends on a READ, part by part, on the 64-bit unix port by valgrind."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from instructions import HERE, instructions

from kneesleeve.appbundle import SLOT, app_sources, compile_file
from kneesleeve.virtual.interpreter import find_interpreter

SHORT, LONG = 16384, 147456
MHZ, CYCLES, LINE_BYTES = 160, 2, 92_160
PARTS = {  # what is added: (its name, left out before it is in)
    "flash (a copy), END's check, the loop": "mask,frame",
    "mask": "frame",
    "frame: head, check": "line,escape",
    "frame: escaping": "line",
    "line: pieces of 64 bytes": "",
}


def app(folder: Path) -> None:
    """The app as .mpy."""
    for name, source in app_sources().items():
        path = folder / Path(name).relative_to(SLOT)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".mpy").write_bytes(compile_file(source, "x64"))


def a_byte(folder: Path, left_out: str) -> float:
    """Instructions a byte of content: a long read less a short one."""

    def of(size: int) -> int:
        arguments = [str(folder), str(size), left_out]
        command = find_interpreter().command(HERE / "read_path_device.py", *arguments, heap_kib=16384, repl=False)
        return instructions([word for word in command if word != "-I"])

    return (of(LONG) - of(SHORT)) / (LONG - SHORT)


def main() -> int:
    if not shutil.which("valgrind"):
        print("Instructions of a READ are not counted, for want of valgrind.")
        return 0
    with tempfile.TemporaryDirectory(prefix="read-") as name:
        app(Path(name))
        print("the device's side of a READ as .mpy, x86-64 instructions a byte of content")
        before = 0.0
        for part, left_out in PARTS.items():
            now = a_byte(Path(name), left_out)
            print(f"{part:40s} {now - before:7.1f}")
            before = now
    share = before * CYCLES * LINE_BYTES / (MHZ * 1e6)
    print(f"{'all':40s} {before:7.1f}")
    print(f"Estimate for an ESP32 at {MHZ} MHz and {CYCLES} cycles an instruction: {share:.0%} of it at 921600 baud.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
