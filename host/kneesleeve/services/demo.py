"""The demo: the whole main job on a virtual sleeve, from an empty storage to a verified report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kneecore import params as schema
from kneecore.stride import CUE_MS, OVER
from kneesleeve.engines.virtual import finished_run, make_image, run_scenario
from kneesleeve.errors import SleeveError
from kneesleeve.recordings import Recording, named_runner, synthesise
from kneesleeve.report.page import write_report
from kneesleeve.services.motor_pin import check_pin, pulse_lengths_ms
from kneesleeve.services.pull import pull
from kneesleeve.services.verdict import Verdict
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import open_session

# clock errors of the demo's chips, of the size real ones have: alignment has something to do
THIGH_PPM, SHANK_PPM = 8_000, -5_000
Say = Callable[[str], None]


@dataclass(frozen=True)
class DemoResult:
    """Where the session and its report are, what the check said, and what happened in the run."""

    verdict: Verdict
    session: Path
    report: Path
    strides: int
    over: int
    cues: int
    wall_s: float


def demo_runner(seconds: float, seed: int) -> Recording:
    """The demo's runner: `seconds` of running, some strides of it with an added collapse."""
    recording, _ = synthesise(named_runner("collapsing", seed=seed, side="L", run_s=seconds))
    return replace(recording, name=f"built-in runner whose knee collapses in some strides, seed {seed}")


def _make(folder: Path) -> None:
    """Fail before the run, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "Name another folder with --out."
        raise SleeveError(f"Cannot make the folder {folder}: {error.strerror or error}.", hint=hint) from error


def run_demo(recording: Recording, folder: Path, say: Say = lambda _: None) -> DemoResult:
    """Boot a virtual sleeve on a temporary image, put it on, run the recording, pull, verify, report into `folder`."""
    started = time.monotonic()
    _make(folder)
    params = schema.defaults() | {"side": int(recording.side == "R")}
    scenario = run_scenario(recording, thigh_ppm=THIGH_PPM, shank_ppm=SHANK_PPM)
    with tempfile.TemporaryDirectory(prefix="sleeve-demo-") as name:
        image = Path(name) / "sleeve.img"
        make_image(image, params, record_s=recording.duration_s)
        say(f"virtual sleeve boots, is put on and runs: {recording.duration_s:.0f} s of motion ({recording.name})")
        with finished_run(image, recording, scenario) as done:
            say("run ended; pulling it over the link")
            pulled = pull(done.sleeve, done.sleeve.sessions()[-1].id, folder)
            pulses_ms = pulse_lengths_ms(done.board.motor_log())
    say(f"pulled {pulled.bytes} bytes; recomputing the run with the NumPy reference")
    session = open_session(pulled.path)
    verdict = verify(session)
    check_pin(session, pulses_ms)
    report = write_report(session, folder / "report.html", verdict=verdict)
    return DemoResult(
        verdict,
        pulled.path,
        report,
        len(session.strides),
        sum(s[OVER] for s in session.strides),
        sum(s[CUE_MS] > 0 for s in session.strides),
        time.monotonic() - started,
    )
