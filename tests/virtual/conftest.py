"""Images, motions and mpremote for the tests of the virtual sleeve."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kneesleeve.virtual import Motion, Scenario, create_image, install_app
from kneesleeve.virtual.batch import BatchResult, run_main

# What every test script needs: the two chips on bus 0, set up as a driver would, and `start`.
PRELUDE = """
import machine, time, micropython, gc
from machine import I2C, Pin, ADC, PWM
THIGH, SHANK = 0x6A, 0x6B
i2c = I2C(0, scl=Pin(22), sda=Pin(21), freq=400_000)
def write(chip, reg, value):
    i2c.writeto_mem(chip, reg, bytes((value,)))
def read(chip, reg, n=1):
    return i2c.readfrom_mem(chip, reg, n)
def configure(chip):
    write(chip, 0x12, 0x01)
    for reg, value in ((0x12, 0x44), (0x10, 0x54), (0x11, 0x5C), (0x09, 0x55)):
        write(chip, reg, value)
def start():
    for chip in (THIGH, SHANK):
        configure(chip)
    write(THIGH, 0x0A, 6)
    write(SHANK, 0x0A, 6)
def level(chip):
    s = read(chip, 0x3A, 2)
    return s[0] | (s[1] & 3) << 8
"""


def ramp_motion(count: int) -> Motion:
    """A motion in which every value tells its sample: gyro x = k, accel x = -k, flex = 1000 + k (mod 2^15)."""
    k = (np.arange(count) % 30000).astype(np.int16)
    gyro = np.stack([k, k // 2, -k], axis=1).astype(np.int16)
    return Motion(gyro, -gyro, gyro, -gyro, flex_mv=(1000 + k % 2000).astype(np.int16))


@pytest.fixture
def ramp() -> Callable[[int], Motion]:
    return ramp_motion


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "flash.img"
    create_image(path)
    return path


@pytest.fixture
def on_board(image: Path) -> Callable[..., BatchResult]:
    """Run MicroPython text as main.py after PRELUDE; fails the test if it raises (or does not, with `ends` false)."""

    def run(
        text: str, scenario: Scenario | None = None, motion: Motion | None = None, *, ends: bool = True
    ) -> BatchResult:
        install_app(image, {"main.py": (PRELUDE + text + "\nprint('END')\n").encode()})
        quiet = scenario or Scenario(charge_bus=False)
        result = run_main(image, quiet, motion, timeout_s=20)
        assert result.output.rstrip().endswith("END") == ends, result.output
        return result

    return run


@pytest.fixture
def mpremote() -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(port: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mpremote", "connect", port, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)

    return run
