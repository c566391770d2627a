"""Ctrl-C at any time: motor off, the record is closed as interrupted, the prompt is there, Ctrl-D starts anew."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import serial
from lives import REASONS, config_of, make_image, runner, sessions_of, until

from kneecore import frames
from kneecore.frames import FrameReader, FrameWriter
from kneesleeve.engines.virtual import motion_of
from kneesleeve.services.verify import verify
from kneesleeve.virtual import Press, Scenario, VirtualSleeve

AFTER_BOOT = (Press(4_000, since="boot"),)  # 0.8 s of real time: the app is up


def prompt_after_ctrl_c(port: serial.Serial) -> bytes:
    """Ctrl-C, then a sum: what the sleeve said until its result."""
    port.write(b"\x03")
    seen = _read(port, b">>> ")
    port.write(b"print(40 + 2)\r")
    return seen + _read(port, b"\n42")


def _read(port: serial.Serial, text: bytes, timeout_s: float = 10) -> bytes:
    seen, end = b"", time.monotonic() + timeout_s
    while text not in seen and time.monotonic() < end:
        seen += port.read(max(1, port.in_waiting))
    assert text in seen, seen
    return seen


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return make_image(tmp_path / "flash.img", config=config_of(cue_min_ms=200, cue_max_ms=300, cue_gain_ms_per_deg=0))


def has_come(when, log):
    """The stood buzz is over, the long one of the acceptance is over, or a pulse has begun after it.

    On a busy machine samples may be lost and the donning begin anew: then there is more than one stood buzz.
    """
    if when == "donning":
        return len(log) >= 2
    accepted = [i for i in range(1, len(log)) if not log[i][1] and log[i][0] - log[i - 1][0] > 300_000]
    return bool(accepted) and (when == "running" or len(log) > accepted[0] + 1)


@pytest.mark.parametrize("when", ["donning", "running", "pulse"])
def test_in_a_run(image, when):
    """On a wall clock five times too fast, so that the interrupt comes in the middle of things."""
    scenario = Scenario(clock="wall", speed=5, presses=AFTER_BOOT)
    with (
        VirtualSleeve(image, scenario, motion_of(runner())) as sleeve,
        serial.Serial(sleeve.port, timeout=0.05) as port,
    ):
        until(lambda: has_come(when, sleeve.motor_log()), when, every_s=0.002)
        said = prompt_after_ctrl_c(port)
        assert b"sleeve: stopped" in said and b"Traceback" not in said
        log = sleeve.motor_log()
        assert log[-1][1] == 0, "the motor was left on"
        if when == "pulse":
            assert log[-1][0] - log[-2][0] < 190_000, "the interrupt came too late to cut the pulse"
        port.write(b"\x04")
        _read(port, b"MPY: soft reboot")
    (session,) = sessions_of(image)
    assert session.close is not None and session.close.reason == REASONS["interrupt"]
    assert session.losses == [] and session.close.batch == session.last_batch
    assert (session.calibration is None) == (when == "donning")
    if when == "pulse":
        assert verify(session).verdict == "exact" and session.strides[-1][15] == 200


def test_at_rest(image):
    with VirtualSleeve(image, Scenario()) as sleeve, serial.Serial(sleeve.port, timeout=0.05) as port:
        for _ in range(2):
            until(lambda: _pong(port), "a PONG")
            assert b"sleeve: stopped" in prompt_after_ctrl_c(port)
            port.write(b"\x04")
            _read(port, b"MPY: soft reboot")
    assert sessions_of(image) == []


def _pong(port: serial.Serial) -> bool:
    """True if a PING is answered within 0.3 s."""
    writer, reader = FrameWriter(0), FrameReader(frames.MAX_TO_HOST)
    port.write(bytes(writer.wire[: writer.build(frames.PING, 1, 0)]))
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        if any(reader.feed(b) and reader.kind == frames.PONG for b in port.read(64)):
            return True
    return False


def test_a_reset_in_mid_run_leaves_the_motor_off_and_a_readable_record(image):
    scenario = Scenario(clock="wall", speed=5, presses=AFTER_BOOT)
    with VirtualSleeve(image, scenario, motion_of(runner())) as sleeve:
        until(lambda: len(sleeve.motor_log()) >= 5, "a cue")
        sleeve.reset()
        until(lambda: sleeve.restarts == 1, "the restart")
        time.sleep(0.3)
        log = sleeve.motor_log()  # since the boot
        assert not log or log[-1][1] == 0
    session = sessions_of(image)[0]
    assert not session.closed and len(session.strides) > 30 and verify(session).verdict == "exact"
