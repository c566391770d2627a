"""Whole lives of a virtual sleeve: boot, a press of the button, a run, and what is left afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from kneecore import records
from kneecore.params import defaults
from kneesleeve.appbundle import app_files
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.engines.virtual import ARCH, motion_of, run_scenario
from kneesleeve.errors import DeviceError
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.recordings.recording import Recording
from kneesleeve.recordings.runner import synthesise
from kneesleeve.recordings.spec import RunnerSpec
from kneesleeve.sessions.blocks import read_header
from kneesleeve.sessions.layout import BLOCK
from kneesleeve.sessions.reader import open_session
from kneesleeve.sessions.session import Session
from kneesleeve.virtual import Press, Scenario, VirtualSleeve, create_image, install_app
from kneesleeve.virtual.image import sessions_path

ACCEPTED_BUZZ_MS, REFUSED_BUZZ_MS, STOOD_BUZZ_MS = 400, 500, 80
ONLY_AT_BOOT = (Press(100, since="boot"),)  # for runs that end by themselves: a second press would start another
Log = list[tuple[int, int]]
RAW = json.dumps({"record_level": records.LEVEL_RAW}).encode()


@lru_cache(maxsize=4)
def runner(**spec: Any) -> Recording:
    """A short donning and 36 s of running; every second stride from the 36th on collapses."""
    wanted: dict[str, Any] = {
        "seed": 1, "side": "L", "stand_s": 4.0, "squats": 3, "squat_s": 3.0, "settle_s": 2.5, "run_s": 36.0,
        "collapse_every": 2, "collapse_from_stride": 36,
    }  # fmt: skip
    return synthesise(RunnerSpec(**(wanted | spec)))[0]


@dataclass(repr=False)
class Life:
    """What a life left behind: its sessions, INFO at its end, motor and LED logs, the image."""

    image: Path
    info: dict[str, Any] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    motor: Log = field(default_factory=list)
    led: Log = field(default_factory=list)
    states: list[str] = field(default_factory=list)  # what PING answered, now and then

    @property
    def session(self) -> Session:
        """The only session."""
        assert len(self.sessions) == 1, f"{len(self.sessions)} sessions"
        return self.sessions[0]

    def codes(self) -> list[tuple[str, int]]:
        """Events by name, with their arguments."""
        return [(e.name, e.arg) for e in self.session.events]


def make_image(path: Path, *, config: bytes | None = RAW, session_blocks: int = 700, **files: bytes) -> Path:
    """An image with the app; `files` replace or add files (main for main.py). Usual: the raw level, and room for it."""
    create_image(path, session_blocks=session_blocks)
    extra = {f"{name}.py": content for name, content in files.items()}
    install_app(path, app_files(ARCH) | ({} if config is None else {"config.json": config}) | extra)
    return path


def config_of(calibration: Any = None, level: int = records.LEVEL_RAW, **params: int) -> bytes:
    """A /config.json."""
    content = {"params": defaults() | params, "calibration": calibration, "record_level": level}
    return json.dumps(content).encode()


@contextmanager
def switched_on(image: Path, scenario: Scenario, recording: Recording | None = None):
    """A sleeve and its link."""
    motion = motion_of(recording) if recording else None
    with VirtualSleeve(image, scenario, motion) as virtual, Sleeve(FrameLink(virtual.port, timeout_s=10.0)) as sleeve:
        yield virtual, sleeve


def until(done: Callable[[], Any], what: str, timeout_s: float = 90.0, every_s: float = 0.03) -> None:
    """Wait, in wall time."""
    end = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < end, f"not within {timeout_s} s: {what}"
        time.sleep(every_s)


def live(image: Path, recording: Recording, **changed: Any) -> Life:
    """Button at boot, the recording as motion, button at its end; `changed` are fields of the Scenario."""
    scenario = replace(run_scenario(recording, charge_bus=False), **changed)
    life = Life(image)
    before = len(ids_of(image))
    with switched_on(image, scenario, recording) as (virtual, sleeve):
        until(lambda: life.states.append(sleeve.ping().state) or sessions_at_rest(sleeve) > before, "the run's end")
        life.info = sleeve.info()
    life.motor, life.led = virtual.motor_log(), virtual.led_log()
    life.sessions = sessions_of(image)
    return life


def sessions_at_rest(sleeve: Sleeve, *, closed: bool = False) -> int:
    """How many (closed) sessions the sleeve has; -1 while a run goes on."""
    try:
        return sum(entry.closed or not closed for entry in sleeve.sessions())
    except DeviceError:
        return -1


def blocks_of(image: Path) -> dict[int, dict[int, bytes]]:
    """The blocks in a sleeve's ring: by session, by number in it."""
    ring = sessions_path(image)
    data = ring.read_bytes() if ring.exists() else b""
    found: dict[int, dict[int, bytes]] = {}
    for at in range(0, len(data), BLOCK):
        header = read_header(data, at)
        if not header.problem:
            found.setdefault(header.session_id, {})[header.number] = data[at : at + BLOCK]
    return dict(sorted(found.items()))


def ids_of(image: Path) -> list[int]:
    """The numbers of the sessions in a ring."""
    return list(blocks_of(image))


def sessions_of(image: Path) -> list[Session]:
    """The sessions in a ring."""
    found = []
    for number, blocks in blocks_of(image).items():
        path = image.with_name(f"{number:08d}.sleeve")
        path.write_bytes(b"".join(content for _, content in sorted(blocks.items())))
        found.append(open_session(path))
    return found


def pulses(log: Log) -> Log:
    """(start µs, length ms) of every pulse in a motor log."""
    on = [t for t, duty in log if duty]
    off = [t for t, duty in log if not duty and t >= (on[0] if on else 0)]
    assert len(on) == len(off), f"the motor was left on: {log[-3:]}"
    return [(start, (end - start) // 1000) for start, end in zip(on, off, strict=True)]


REASONS = {
    "button": records.CLOSED_BUTTON, "interrupt": records.CLOSED_INTERRUPT, "fault": records.CLOSED_FAULT,
    "full": records.CLOSED_FULL,
}  # fmt: skip
