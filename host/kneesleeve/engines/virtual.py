"""The firmware on a virtual sleeve: boot, donning, run, pull over the link; the answer is what the session says."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from kneesleeve.appbundle import app_files
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import DeviceError
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.recordings.recording import Recording
from kneesleeve.virtual import Motion, Press, Scenario, VirtualSleeve, create_image, install_app

VIRTUAL_ARCH = "x64"
_BUTTON_AT_BOOT_MS = 100
_BUTTON_AFTER_END_MS = 60
IDLE = 1  # state of docs/protocol.md
Progress = Callable[[float], None]


def make_image(path: Path, params: Mapping[str, int], calibration: Sequence[int] | None = None) -> None:
    """A fresh storage image with the app and a configuration."""
    config = {"params": dict(params), "calibration": list(calibration) if calibration else None}
    create_image(path)
    install_app(path, app_files(VIRTUAL_ARCH) | {"config.json": json.dumps(config).encode()})


def motion_of(recording: Recording) -> Motion:
    """The recording as the chips will feel it."""
    r = recording
    return Motion(r.thigh_gyro, r.thigh_accel, r.shank_gyro, r.shank_accel, r.flex_mv)


def run_scenario(recording: Recording, **options: object) -> Scenario:
    """Button pressed after boot (a donning starts, and with it the motion) and again when the recording has ended."""
    end_ms = recording.n_samples * 1000 // 208 + _BUTTON_AFTER_END_MS
    presses = (Press(_BUTTON_AT_BOOT_MS, since="boot"), Press(end_ms))
    return Scenario(presses=presses, **options)  # type: ignore[arg-type]


@contextmanager
def finished_run(image: Path, recording: Recording, scenario: Scenario, progress: Progress) -> Iterator[Sleeve]:
    """A sleeve on `image` that has lived through the recording and is idle again, with its link open."""
    with (
        VirtualSleeve(image, scenario, motion_of(recording)) as virtual,
        Sleeve(FrameLink(virtual.port, timeout_s=10.0)) as sleeve,
    ):
        _await_end(sleeve, recording.duration_s, progress)
        yield sleeve


def _await_end(sleeve: Sleeve, duration_s: float, progress: Progress) -> None:
    """Until the sleeve has made a session and is idle again. Wall time: a virtual run is much faster than its duration."""
    deadline = time.monotonic() + 60 + duration_s
    while time.monotonic() < deadline:
        pong = sleeve.ping()
        if pong.state == IDLE and sleeve.sessions():
            return
        progress(0.0)
        time.sleep(0.02)
    raise DeviceError("The virtual sleeve did not end its run.", hint="Try again; if it stays so, please report it.")


__all__ = ["finished_run", "make_image", "motion_of", "run_scenario", "tempfile"]
