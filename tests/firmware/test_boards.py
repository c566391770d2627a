"""Each chip gets its board's profile, and every profile makes a whole board."""

from __future__ import annotations

import pytest

PINS = "SCL SDA FLEX BATTERY MOTOR BUTTON LED"


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ("Generic ESP32 module with ESP32", "esp32_devkit"),
        ("Generic ESP32S3 module with Octal-SPIRAM with ESP32S3", "esp32s3_devkit"),
    ],
)
def test_the_profile_of_the_chip(machine: str, name: str, on_board) -> None:
    """`sys.implementation` cannot be changed, so the module's text is run with another `sys`."""
    said = on_board(f"""
class Sys:
    class implementation:
        _machine = {machine!r}
import sys, boards
real, sys.modules["sys"] = sys, Sys
del sys.modules["boards"]
try:
    from boards import Board
finally:
    real.modules["sys"] = real
board = Board()
pins = [getattr(board, name) for name in {PINS!r}.split()]
assert len(set(pins)) == len(pins) and board.device_id == "7c9ebd4a1e02"
print("PROFILE", board.name)
""").output
    assert f"PROFILE {name}" in said
