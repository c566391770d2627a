"""The firmware on a virtual sleeve: boot, donning, run, pull over the link; the answer is what the session says."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kneecore.params import SETTINGS, TABLE, defaults
from kneecore.records import LEVEL_RAW
from kneesleeve.appbundle import app_files
from kneesleeve.device.sleeve import MAX_READ, Sleeve
from kneesleeve.engines.result import EngineResult
from kneesleeve.errors import DeviceError
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.parameters.configuration import file_bytes
from kneesleeve.recordings.recording import Recording
from kneesleeve.sessions.reader import open_session
from kneesleeve.sessions.session import Session
from kneesleeve.virtual import Motion, Press, Scenario, VirtualSleeve, create_image, install_app

ARCH = "x64"
_BUTTON_AT_BOOT_MS = 100
_BUTTON_AFTER_END_MS = 60
_BUTTON_LEAST_MS = 500  # the press that started the run must be over, or this one is none
_PATIENCE_S = 20.0  # a virtual run takes a hundredth of its duration; a busy machine may need ten times that
_STRIDE_BLOCKS = 320  # at the raw level samples stop where 4 hours of strides would not fit any more
_BLOCK_S = 0.8  # a block of 4096 bytes holds more than this of raw recording
_LEAST_S = 300.0


def run(
    recording: Recording,
    params: Mapping[str, int],
    calibration: Sequence[int] | None = None,
    *,
    thigh_ppm: int = 0,
    shank_ppm: int = 0,
) -> EngineResult:
    """Replay on the fixed drain schedule: bus and storage take no time, boot and button press come before sample 0."""
    scenario = run_scenario(recording, charge_bus=False, thigh_ppm=thigh_ppm, shank_ppm=shank_ppm)
    with tempfile.TemporaryDirectory(prefix="sleeve-") as folder:
        image = Path(folder) / "sleeve.img"
        make_image(image, params, calibration, record_s=recording.duration_s)
        with finished_run(image, recording, scenario) as done:
            session = _fetch(done.sleeve, Path(folder) / "run.sleeve")
    return result_of(session)


def make_image(
    path: Path,
    params: Mapping[str, int],
    calibration: Sequence[int] | None = None,
    *,
    record_s: float = 0.0,
    level: int = LEVEL_RAW,
) -> None:
    """A fresh storage image with the app, a configuration, and room for `record_s` seconds of samples, or more."""
    usual = defaults(TABLE + SETTINGS)
    given = {name: value for name, value in {**params, "record_level": level}.items() if value != usual.get(name)}
    create_image(path, session_blocks=_STRIDE_BLOCKS + round(max(record_s, _LEAST_S) / _BLOCK_S))
    install_app(path, app_files(ARCH) | {"config.json": file_bytes(given, calibration)})


def motion_of(recording: Recording) -> Motion:
    """The recording as the chips will feel it."""
    r = recording
    return Motion(r.thigh_gyro, r.thigh_accel, r.shank_gyro, r.shank_accel, r.flex_mv)


def run_scenario(recording: Recording, *, charge_bus: bool = True, thigh_ppm: int = 0, shank_ppm: int = 0) -> Scenario:
    """Button pressed after boot (a donning starts, and with it the motion) and again when the recording has ended."""
    end_ms = max(_BUTTON_LEAST_MS, recording.n_samples * 1000 // 208 + _BUTTON_AFTER_END_MS)
    presses = (Press(_BUTTON_AT_BOOT_MS, since="boot"), Press(end_ms))
    return Scenario(presses=presses, charge_bus=charge_bus, thigh_ppm=thigh_ppm, shank_ppm=shank_ppm)


@dataclass(frozen=True)
class Finished:
    """A virtual sleeve after its run: the open link, and the simulated board itself (what its motor pin did)."""

    sleeve: Sleeve
    board: VirtualSleeve


@contextmanager
def finished_run(
    image: Path, recording: Recording, scenario: Scenario, waiting: Callable[[], None] = lambda: None
) -> Iterator[Finished]:
    """A sleeve on `image` that has lived through the recording and is idle again, with its link open.

    `waiting` is called now and then. Raises DeviceError if the run does not end.
    """
    with (
        VirtualSleeve(image, scenario, motion_of(recording)) as virtual,
        Sleeve(FrameLink(virtual.port, timeout_s=10.0)) as sleeve,
    ):
        _await_end(sleeve, recording.duration_s, waiting)
        yield Finished(sleeve, virtual)


def _await_end(sleeve: Sleeve, duration_s: float, waiting: Callable[[], None]) -> None:
    """Until the sleeve is idle and has a session. Wall time: a virtual run is much faster than its duration."""
    deadline = time.monotonic() + _PATIENCE_S + duration_s / 10
    while time.monotonic() < deadline:
        if _has_ended(sleeve):
            return
        waiting()
        time.sleep(0.02)
    raise DeviceError("The virtual sleeve did not end its run.", hint="Try again; if it stays so, please report it.")


def _has_ended(sleeve: Sleeve) -> bool:
    """Storage was fresh, so a session that can be listed is the run's; before and in the run there is none to list."""
    try:
        return bool(sleeve.sessions())
    except DeviceError:  # busy in the run
        return False


def _fetch(sleeve: Sleeve, path: Path) -> Session:
    """The newest session of the sleeve, read over its link."""
    entry = sleeve.sessions()[-1]
    with path.open("wb") as file:
        for offset in range(0, entry.bytes, MAX_READ):
            file.write(sleeve.read(entry.id, offset, min(MAX_READ, entry.bytes - offset)))
    return open_session(path)


def result_of(session: Session) -> EngineResult:
    """What the session's own records say."""
    from kneecore.records import E_BEAT, E_FAULT, E_REFRESHED

    faults = tuple(e.arg for e in session.events if e.code == E_FAULT)
    beats = tuple((e.batch, *divmod(e.arg, 64)) for e in session.events if e.code == E_BEAT)
    refreshes = tuple(e.batch for e in session.events if e.code == E_REFRESHED)
    strides = list(session.strides)
    return EngineResult(
        session.calibration, session.accepted_batch, strides, tuple(dict.fromkeys(faults)), beats, refreshes
    )
