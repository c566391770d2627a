"""Every recording of a folder through the engines: one line a recording, exit 1 on a difference.

    python benchmarks/equality.py [FOLDER ...]        (default: ../shared/data/*)

core, numpy and kneecore on MicroPython (.mpy) always; every sixth recording also as bytecode and on the virtual sleeve.
A recording whose donning is not accepted (walking, landings) is compared so, and again from its mounting matrices,
as `sleeve replay --calibration recording` does it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from kneecore.params import defaults
from kneesleeve import reference
from kneesleeve.engines import core, virtual
from kneesleeve.engines.result import EngineResult
from kneesleeve.errors import SleeveError
from kneesleeve.recordings import Recording, drain
from kneesleeve.recordings.recording import load_recording
from kneesleeve.services.replay import mounting_calibration

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
EVERY = 6

sys.path.insert(0, str(HERE.parent / "tests" / "kneecore"))
from core_runs import difference  # noqa: E402
from on_micropython import run_on_board  # noqa: E402


def answers(
    recording: Recording, params: dict[str, int], calibration: Sequence[int] | None, *, more: bool
) -> Iterator[tuple[str, EngineResult]]:
    """Each engine's name and answer, but core's."""
    run = drain(recording)
    yield "numpy", reference.run(run, params, calibration)
    with tempfile.TemporaryDirectory() as folder:
        for form in ("mpy", "bytecode")[: 1 + more]:
            board = run_on_board(Path(folder) / form, form, run, params, calibration, heap_kib=32768)
            yield form, board.result
    if more:
        yield "virtual", virtual.run(recording, params, calibration)


def compare(
    recording: Recording, params: dict[str, int], calibration: Sequence[int] | None, *, more: bool
) -> tuple[EngineResult, list[str], list[str]]:
    """core's answer, the engines it was compared with, and the differences in words."""
    expected = core.run(drain(recording), params, calibration)
    with_, found = [], []
    for engine, got in answers(recording, params, calibration, more=more):
        with_.append(engine)
        if text := difference(got, expected):
            found.append(f"{engine} != core: {text}")
    return expected, with_, found


def check(path: Path, *, more: bool) -> tuple[int, bool]:
    """Compare one recording and print its line; returns its strides and whether all engines agree."""
    recording = load_recording(path)
    params = defaults() | {"side": int(recording.side == "R")}
    strides, words, found = 0, [], []
    calibration: list[int] | None = None
    for source in ("donning", "recording"):
        result, with_, differences = compare(recording, params, calibration, more=more)
        strides += len(result.strides)
        accepted = result.calibration is not None and result.calibration[0] == 0
        words.append(f"{source}{'' if accepted else ' (not accepted)'}: {len(result.strides)} strides")
        found += differences
        if accepted or recording.mounting_shank is None:
            break
        calibration = mounting_calibration(recording)
    verdict = "DIFFERS" if found else "equal"
    print(
        f"{f'{path.parent.name}/{path.stem}':34s} {verdict:8s} core {' '.join(with_)}; {', '.join(words)}", flush=True
    )
    for text in found:
        print(f"    {text}", flush=True)
    return strides, not found


def main() -> int:
    """Compare all recordings; 0 where every engine agrees on every one."""
    folders = [Path(a) for a in sys.argv[1:]] or sorted(p for p in DATA.glob("*") if p.is_dir())
    paths = [path for folder in folders for path in sorted(folder.glob("*.npz"))]
    if not paths:
        print(f"No recordings in {', '.join(map(str, folders)) or DATA}: nothing was compared.")
        return 0 if not sys.argv[1:] else 1
    total = wrong = 0
    for i, path in enumerate(paths):
        try:
            strides, equal = check(path, more=i % EVERY == 0)
        except pytest.skip.Exception as reason:
            print(f"Without MicroPython there is nothing to compare: {reason}")
            return 1
        except (pytest.fail.Exception, SleeveError) as reason:  # an engine that gave no answer
            print(f"{path.parent.name}/{path.stem}: {reason}")
            strides, equal = 0, False
        total, wrong = total + strides, wrong + (not equal)
    print(f"{len(paths)} recordings, {total} strides: {f'{wrong} DIFFER' if wrong else 'all engines are equal'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
