"""A board for the tests of the drivers; skips where there is no interpreter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kneesleeve.appbundle import app_files
from kneesleeve.engines.virtual import ARCH
from kneesleeve.errors import LinkError
from kneesleeve.virtual import Motion, Scenario, create_image, install_app
from kneesleeve.virtual.batch import BatchResult, run_main
from kneesleeve.virtual.interpreter import find_interpreter

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.append(str(HERE))

# What every driver test begins with: the app's own modules on the path, both IMUs on the bus, the real drivers.
PRELUDE = """
import sys
sys.path.insert(0, "/a")
import gc, machine, micropython, time
from array import array
from machine import ADC, I2C, PWM, Pin, Timer
from drivers.lsm6dso import Lsm6dso
from drivers.motor import Motor
from kneecore.fifo import decode
THIGH, SHANK = 0x6A, 0x6B
bus = I2C(0, scl=Pin(22), sda=Pin(21), freq=400_000)
thigh, shank = Lsm6dso(bus, THIGH, time), Lsm6dso(bus, SHANK, time)
def refused(call):
    try:
        call()
    except OSError as error:
        return str(error)
    raise AssertionError("it was accepted")
"""


@pytest.fixture(autouse=True)
def _interpreter() -> None:
    try:
        find_interpreter()
    except LinkError as error:
        pytest.skip(error.message)


def count_up(n: int) -> Motion:
    """A motion whose values tell their sample and channel: gyro 10 k + channel, accel the negative of it."""
    k = (np.arange(n) % 3000).astype(np.int16)
    gyro = np.stack([10 * k, 10 * k + 1, 10 * k + 2], axis=1).astype(np.int16)
    return Motion(gyro, -gyro, gyro, -gyro, flex_mv=(1000 + k).astype(np.int16))


@pytest.fixture
def counting() -> Callable[[int], Motion]:
    return count_up


@pytest.fixture
def on_board(tmp_path: Path) -> Callable[..., BatchResult]:
    """Run MicroPython text behind PRELUDE with the real firmware installed; fails the test with what it printed."""

    def run(text: str, scenario: Scenario | None = None, motion: Motion | None = None) -> BatchResult:
        image = tmp_path / "flash.img"
        create_image(image)
        install_app(image, app_files(ARCH) | {"main.py": (PRELUDE + text + "\nprint('END')\n").encode()})
        result = run_main(image, scenario or Scenario(charge_bus=False), motion, timeout_s=20)
        assert result.output.rstrip().endswith("END"), result.output
        return result

    return run
