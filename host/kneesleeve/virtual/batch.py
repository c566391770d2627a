"""Runs an image's main.py to its end without a port: for chip tests and measurements."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kneesleeve.errors import DeviceError
from kneesleeve.virtual import pin_log
from kneesleeve.virtual.interpreter import BOARD, find_interpreter
from kneesleeve.virtual.motion import Motion
from kneesleeve.virtual.scenario import Scenario

RESET_BASE = 64  # exit code of a board without a host that asks for a restart, plus the reset cause


@dataclass(frozen=True)
class BatchResult:
    """What a run printed, how it ended (0: main.py returned; 64 + cause: a reset), and its motor log."""

    output: str
    exit_code: int
    motor_log: list[tuple[int, int]]


def run_main(image: Path, scenario: Scenario, motion: Motion | None = None, *, timeout_s: float = 60) -> BatchResult:
    """Boot once and run main.py until it returns. Standard input is empty. Raises DeviceError after `timeout_s`."""
    interpreter = find_interpreter()
    with tempfile.TemporaryDirectory(prefix="sleeve-") as name:
        folder = Path(name)
        scenario.write(folder, image, motion, channels=False)
        script = BOARD / "boot_virtual.py"
        command = interpreter.command(script, name, "1", "run", heap_kib=scenario.heap_kib, repl=False)
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            said = (error.output or b"")[-500:].decode("utf-8", "replace")
            raise DeviceError(
                f"main.py did not return within {timeout_s} s. It said last: {said}",
                hint="A loop that waits for time without sleeping never ends on the virtual clock.",
            ) from error
        log = (folder / "motor.log").read_bytes() if (folder / "motor.log").exists() else b""
    return BatchResult(done.stdout.decode("utf-8", "replace"), done.returncode, pin_log.last_motion(log))
