"""`sleeve ports`: what is at a port, found out without disturbing it."""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runs import Run  # pyright: ignore[reportMissingImports]

from kneecore import params
from kneesleeve.device.connect import connect
from kneesleeve.engines.virtual import make_image
from kneesleeve.errors import LinkError
from kneesleeve.link import prompt
from kneesleeve.link.found import FoundPort
from kneesleeve.link.repl import Repl
from kneesleeve.services import ports
from kneesleeve.services.ports import look_at_ports
from kneesleeve.virtual import Scenario, VirtualSleeve

FORBIDDEN = b"\x01\x03\x04\r\n"  # raw REPL, Ctrl-C, Ctrl-D, and what would run a recalled command


class Recorder:
    """Something at a port that takes down what it is sent, and answers with a fixed text."""

    def __init__(self, answer: bytes = b"") -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.port, self.sent, self._answer = os.ttyname(slave), b"", answer
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            self.sent += os.read(self._master, 1000)
            if self._answer:
                os.write(self._master, self._answer)


@pytest.fixture(scope="module")
def sleeve_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A virtual sleeve at rest."""
    image = tmp_path_factory.mktemp("ports") / "sleeve.img"
    make_image(image, params.defaults())
    with VirtualSleeve(image, Scenario(clock="wall")) as board:
        yield board.port


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch):
    """listed(port, …): what the system lists."""
    return lambda *found: monkeypatch.setattr(ports, "found_ports", lambda: list(found))


def wait_for_donning(port: str) -> None:
    """Until the sleeve's run has begun."""
    until_s = time.monotonic() + 20
    while one(port).state != "donning":
        assert time.monotonic() < until_s, "no run within 20 s"


def one(port: str) -> ports.PortReport:
    [report] = look_at_ports([port])
    return report


def test_a_sleeve_tells_name_build_and_state(sleeve_port: str) -> None:
    report = one(sleeve_port)
    assert (report.kind, report.name, report.build, report.state) == ("sleeve", "7c9ebd4a1e02", "0.1.0", "idle")
    with connect(f"pty:{sleeve_port}") as sleeve:
        assert sleeve.info()["boot"] == 1  # it was not reset


def test_a_sleeve_in_a_run_is_told_and_runs_on(tmp_path: Path) -> None:
    from kneesleeve.services.demo import demo_runner
    from kneesleeve.services.hold import held, prepare_image

    runner = demo_runner(30.0, seed=2)
    image = tmp_path / "sleeve.img"
    prepare_image(image, runner.side)
    with held(image, runner, link=None, speed=1.0, don_now=True) as board:
        wait_for_donning(board.port)
        assert [one(board.port).state for _ in range(3)] == ["donning"] * 3 and board.restarts == 0


def test_micropython_without_the_app(tmp_path: Path) -> None:
    image = tmp_path / "sleeve.img"
    make_image(image, params.defaults())
    with VirtualSleeve(image, Scenario(clock="wall")) as board:
        assert one(board.port).kind == "sleeve"  # it has started: only then Ctrl-C leads to the prompt
        with pytest.raises(LinkError), Repl(board.port) as repl:
            repl.exec("global_name = 41")
            raise LinkError("leave it at the prompt", hint="x")
        report = one(board.port)
        assert report.kind == "micropython" and report.detail and "linux" in report.detail
        assert one(board.port).kind == "micropython"
        with Repl(board.port) as repl:
            assert repl.eval("global_name") == 41  # nothing was reset
    assert "sleeve flash" in report.hint


def test_a_recalled_command_is_not_run_again(tmp_path: Path) -> None:
    """A ping holds a Ctrl-P, which at a prompt brings back the last command; whoever then sends Enter runs it."""
    import serial

    image = tmp_path / "sleeve.img"
    make_image(image, params.defaults())
    with VirtualSleeve(image, Scenario(clock="wall")) as board:
        assert one(board.port).kind == "sleeve"
        subprocess.run(
            [sys.executable, "-m", "mpremote", "connect", board.port, "exec", "n = 0"], check=True, timeout=20
        )
        with serial.Serial(board.port, timeout=0.3) as line:
            line.write(b"n += 1\r")
            line.read(200)
        for _ in range(3):
            assert one(board.port).kind == "micropython"
        with Repl(board.port) as repl:
            assert repl.eval("n") == 1


def test_a_bootloader_tells_its_chip(tmp_path: Path) -> None:
    name = tmp_path / "port"
    command = [sys.executable, "-m", "esp32_mock_bootloader.cli", "run", "--pty", "--chip", "esp32s3"]
    mock = subprocess.Popen([*command, "--port-file", str(name)], stdout=subprocess.DEVNULL)
    try:
        until_s = time.monotonic() + 20
        while not (name.exists() and name.read_text()) and time.monotonic() < until_s:
            time.sleep(0.05)
        report = one(name.read_text())
    finally:
        mock.kill()
        mock.wait()
    assert (report.kind, report.detail) == ("bootloader", "ESP32-S3") and "sleeve flash" in report.hint


def test_what_prints_text_is_something_else_and_is_asked_nothing_more() -> None:
    device = Recorder(b"temp 21.5\r\n")
    report = one(device.port)
    assert (report.kind, report.detail) == ("text", "temp 21.5")
    assert device.sent.endswith(prompt.BANNER_AGAIN) and b"UUUU" not in device.sent


def test_a_silent_device_gets_nothing_that_interrupts_or_enters() -> None:
    device = Recorder()
    assert one(device.port).kind == "silent"
    head, _, rest = device.sent.partition(prompt.BANNER_AGAIN)
    assert rest.startswith(b"\xc0") and b"\x07\x07\x12\x20" in rest  # SYNC of the bootloader
    assert head and not set(FORBIDDEN) & set(device.sent)


def test_ports_of_other_makers_are_not_opened(listed) -> None:
    device = Recorder()
    listed(FoundPort(device.port, "GPS receiver", 0x1546, 0x01A7))
    [report] = look_at_ports()
    assert report.kind == "not opened" and report.usb == "1546:01a7" and device.sent == b""
    [report] = look_at_ports(everything=True)
    assert report.kind == "silent" and device.sent


def test_a_boards_port_is_opened_unnamed(listed, sleeve_port: str) -> None:
    listed(FoundPort(sleeve_port, "CP2102", 0x10C4, 0xEA60))
    assert look_at_ports()[0].kind == "sleeve"


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (errno.EACCES, "no permission", "usermod -aG dialout"),
        (errno.EAGAIN, "busy", "Thonny"),
        (errno.EIO, "unusable", ""),
    ],
)
def test_a_port_that_cannot_be_opened_says_why(code: int, kind: str, words: str, monkeypatch) -> None:
    import serial

    def refuses(*args: object, **kwargs: object) -> None:
        raise serial.SerialException(code, "no")

    monkeypatch.setattr(serial, "Serial", refuses)
    report = one("/dev/ttyUSB7")
    assert report.kind == kind and words in report.hint and report.hint


def test_the_verb_lists_for_people_and_machines(sleeve: Run, sleeve_port: str, tmp_path: Path) -> None:
    done = sleeve("ports", f"pty:{sleeve_port}")
    assert done.returncode == 0 and "7c9ebd4a1e02" in done.stdout and "idle" in done.stdout
    [report] = json.loads(sleeve("ports", sleeve_port, "--json").stdout)
    assert report["kind"] == "sleeve" and report["build"] == "0.1.0"
    done = sleeve("ports", str(tmp_path / "none"))
    assert done.returncode == 5 and "There is no port" in done.stdout


def test_no_ports_at_all(sleeve: Run, listed) -> None:
    listed()
    done = sleeve("ports")
    assert done.returncode == 0 and done.stdout == "" and "cable that carries data" in done.stderr
    assert json.loads(sleeve("ports", "--json").stdout) == []
