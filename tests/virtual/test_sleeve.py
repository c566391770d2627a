"""The whole sleeve behind its port, used as people use a board."""

from __future__ import annotations

import os
import tempfile
import time

import pytest
import serial

from kneesleeve.errors import DeviceError
from kneesleeve.virtual import Press, Scenario, VirtualSleeve, install_app, read_file

LOOP = b"""
import sys, time, machine
from machine import Pin
button = Pin(27, Pin.IN, Pin.PULL_UP)
n = 0
print("hello", machine.reset_cause())
while True:
    time.sleep_ms(5)
    n += 1
    if not button.value():
        print("pressed")
        while not button.value():
            time.sleep_ms(5)
        print("released")
"""


def read_until(port: serial.Serial, text: bytes, timeout_s: float = 5) -> bytes:
    seen = b""
    end = time.monotonic() + timeout_s
    while text not in seen and time.monotonic() < end:
        seen += port.read(max(1, port.in_waiting))
    assert text in seen, seen
    return seen


def test_mpremote_again_and_again(image, mpremote, tmp_path):
    install_app(image, {"main.py": LOOP, "boot.py": b"print('boot')\n"})
    payload = bytes(b for b in range(256)) * 40
    (tmp_path / "x.bin").write_bytes(payload)
    with VirtualSleeve(image, Scenario()) as sleeve:
        for turn in range(3):
            listing = mpremote(sleeve.port, "ls")
            assert listing.returncode == 0 and "main.py" in listing.stdout, (turn, listing)
            assert mpremote(sleeve.port, "exec", f"print({turn} + 1)").stdout == f"{turn + 1}\n"
        assert mpremote(sleeve.port, "cp", str(tmp_path / "x.bin"), ":/x.bin").returncode == 0
        assert "2097152" in mpremote(sleeve.port, "df").stdout
        assert mpremote(sleeve.port, "soft-reset").returncode == 0
        assert mpremote(sleeve.port, "cp", ":/x.bin", str(tmp_path / "y.bin")).returncode == 0
        assert mpremote(sleeve.port, "exec", "1/0").returncode == 1
        assert sleeve.restarts > 0
    assert (tmp_path / "y.bin").read_bytes() == payload == read_file(image, "x.bin")


def test_ctrl_c_stops_the_program_and_ctrl_d_starts_it_again(image):
    install_app(image, {"main.py": LOOP})
    with VirtualSleeve(image, Scenario()) as sleeve, serial.Serial(sleeve.port, timeout=0.1) as port:
        for _ in range(5):
            port.write(b"\x03")
            assert b"KeyboardInterrupt" in read_until(port, b">>> ")
            port.write(b"1 + 41\r")
            read_until(port, b"42")
            port.write(b"\x04")
            read_until(port, b"MPY: soft reboot")
            read_until(port, b"hello 5")


def test_ctrl_c_interrupts_raw_paste_and_binary_passes(image):
    with VirtualSleeve(image, Scenario()) as sleeve, serial.Serial(sleeve.port, timeout=0.1) as port:
        port.write(b"\r\x03\r\x01")
        read_until(port, b"raw REPL; CTRL-B to exit\r\n>")
        port.write(b"\x05A\x01")
        read_until(port, b"R\x01\x80\x00\x01")
        port.write(b"while True: pass\r\n\x04")
        time.sleep(0.1)
        port.write(b"\x03")
        assert b"KeyboardInterrupt" in read_until(port, b"\x04>")
        port.write(b"import sys\nd=sys.stdin.buffer.read(255)\nsys.stdout.buffer.write(d)\x04")
        read_until(port, b"OK")
        data = bytes(b for b in range(256) if b != 3)
        port.write(data)
        assert read_until(port, b"\x04\x04>").endswith(data + b"\x04\x04>")


def test_a_flood_without_a_reader_does_not_lock_the_port(image, mpremote):
    install_app(image, {"main.py": b"while True: print('x' * 200)\n"})
    with VirtualSleeve(image, Scenario()) as sleeve:
        time.sleep(0.5)
        assert mpremote(sleeve.port, "exec", "print(6 * 7)").stdout.endswith("42\n")


def test_button_live_and_at_boot(image):
    install_app(image, {"main.py": LOOP})
    at_boot = Scenario(presses=(Press(50, 100, "boot"),))
    with VirtualSleeve(image, at_boot) as sleeve, serial.Serial(sleeve.port, timeout=0.1) as port:
        port.write(b"\x03\x04")  # a restart shows the press at boot again, now that somebody listens
        read_until(port, b"released")
        sleeve.press(50)
        read_until(port, b"pressed")
    wall = Scenario(clock="wall", speed=5)
    with VirtualSleeve(image, wall) as sleeve, serial.Serial(sleeve.port, timeout=0.1) as port:
        sleeve.press(100)
        read_until(port, b"pressed")


def test_ctrl_c_gets_out_of_a_boot_py_that_hangs(image):
    install_app(image, {"boot.py": b"print('boot')\nwhile True: pass\n"})
    with VirtualSleeve(image, Scenario()) as sleeve, serial.Serial(sleeve.port, timeout=0.1) as port:
        port.write(b"\x03")
        read_until(port, b">>> ")
        port.write(b"\x01\x04")
        read_until(port, b"MPY: soft reboot")
        time.sleep(1.1)
        port.write(b"\x03")
        read_until(port, b"raw REPL; CTRL-B to exit\r\n>")


def test_unplug_and_link(image, tmp_path):
    install_app(image, {"main.py": LOOP})
    link = tmp_path / "sleeve"
    with VirtualSleeve(image, Scenario(), link=link) as sleeve:
        assert os.path.realpath(link) == sleeve.port
        with serial.Serial(str(link), timeout=0.1) as port:
            sleeve.unplug()
            with pytest.raises((serial.SerialException, OSError)):
                for _ in range(20):
                    port.read(1)
                    port.write(b"x")
    assert not link.is_symlink()


def test_reset_of_every_kind_and_cause(image, mpremote):
    with VirtualSleeve(image, Scenario()) as sleeve:
        assert mpremote(sleeve.port, "exec", "import machine; print(machine.reset_cause())").stdout == "5\n"
        assert mpremote(sleeve.port, "reset").returncode == 0
        with serial.Serial(sleeve.port, timeout=0.1) as port:
            time.sleep(0.3)
            port.write(b"\r\nimport machine; print('cause', machine.reset_cause())\r")
            read_until(port, b"cause 2")
            sleeve.reset()
            read_until(port, b">>> ")


def test_a_byte_flips_once(image):
    with VirtualSleeve(image, Scenario()) as sleeve, serial.Serial(sleeve.port, timeout=0.2) as port:
        port.write(b"\r\x01")
        read_until(port, b"raw REPL; CTRL-B to exit\r\n>")
        sleeve.flip_next(5)
        port.write(b"print('abcdef')\x04")
        assert b"OKab" + bytes([ord("c") ^ 0x10]) + b"def" in read_until(port, b"\x04>")


def test_nothing_is_left_behind(image, ramp, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with VirtualSleeve(image, Scenario(), ramp(100)) as sleeve:
        child = sleeve._bridge._board._child  # type: ignore[union-attr]
    assert child.poll() is not None
    assert not list(tmp_path.glob("sleeve-*"))
    assert sleeve.motor_log() == []
    with pytest.raises(DeviceError):
        sleeve.press()


def test_a_board_that_cannot_start_says_why(image):
    image.write_bytes(bytes(8) + b"littlefs" + bytes(4096 * 64 - 16))
    with pytest.raises(DeviceError) as error, VirtualSleeve(image, Scenario()):
        pass
    assert "did not start" in error.value.message and "OSError" in error.value.message


def test_the_motor_log_is_readable_while_the_sleeve_runs(image):
    install_app(image, {"main.py": b"import machine\nm = machine.PWM(machine.Pin(25), freq=200, duty_u16=500)\n"})
    with VirtualSleeve(image, Scenario()) as sleeve:
        end = time.monotonic() + 2
        while not sleeve.motor_log() and time.monotonic() < end:
            time.sleep(0.01)
        assert sleeve.motor_log() == [(0, 500)]
