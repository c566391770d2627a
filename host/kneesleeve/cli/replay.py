"""`sleeve replay`: the detector over a recording, by any of the three engines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from kneesleeve.cli.complete import assignments
from kneesleeve.cli.options import Json
from kneesleeve.cli.output import note, print_json, print_table
from kneesleeve.cli.parameters import parse_params
from kneesleeve.errors import SessionError, UsageError
from kneesleeve.recordings import Recording, load_recording
from kneesleeve.services.replay import as_json, mounting_calibration, replay


def command(
    recording: Annotated[Path, typer.Argument(metavar="RECORDING", help="A recording (.npz).")],
    engine: Annotated[str, typer.Option("--engine", "-e", help="numpy, core or virtual.")] = "numpy",
    calibration: Annotated[
        str, typer.Option("--calibration", "-c", help="donning, recording (its mounting matrices), or a replay's JSON.")
    ] = "donning",
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="NAME=VALUE", help="Repeatable.", autocompletion=assignments),
    ] = None,
    clock_ppm: Annotated[
        str, typer.Option("--clock-ppm", metavar="THIGH,SHANK", help="Clock errors of the chips (virtual only).")
    ] = "0,0",
    as_json_: Json = False,
) -> None:
    """Run the detector over a recording and print its strides.

    All three engines give the same answer in every field.
    """
    thigh_ppm, shank_ppm = _ppm(clock_ppm)
    loaded = load_recording(recording)
    for warning in loaded.warnings:
        note(f"warning: {warning}")
    params = parse_params(param or [], side=loaded.side)
    result = replay(loaded, engine, params, _calibration(calibration, loaded), thigh_ppm=thigh_ppm, shank_ppm=shank_ppm)
    answer = as_json(engine, result)
    if as_json_:
        print_json(answer)
    else:
        _print(answer)


def _calibration(choice: str, recording: Recording) -> list[int] | None:
    if choice == "donning":
        return None
    if choice == "recording":
        return mounting_calibration(recording)
    try:
        record = json.loads(Path(choice).read_text())["calibration"]["record"]
        if len(record) == 32 and all(isinstance(v, int) for v in record):
            return record
    except (OSError, ValueError, KeyError, TypeError, UnicodeDecodeError):
        pass
    raise SessionError(
        f"{choice} is no calibration.", hint="Use donning, recording, or a file that `sleeve replay --json` wrote."
    )


def _ppm(text: str) -> tuple[int, int]:
    try:
        thigh, shank = (int(v) for v in text.split(","))
    except ValueError:
        raise UsageError(
            f"--clock-ppm {text} is not understood.", hint="Two integers: --clock-ppm 30000,-20000"
        ) from None
    return thigh, shank


def _print(answer: dict[str, Any]) -> None:
    c = answer["calibration"]
    print(f"donning: {c['status']}, {c['reason']}" + (f", quality {c['quality']}" if c["quality"] else ""))
    strides = answer["strides"]
    over, cues = sum(s["over"] for s in strides), sum(s["cue_ms"] > 0 for s in strides)
    print(f"strides: {len(strides)}, over: {over}, cues: {cues}, cadence: {answer['cadence_spm']} steps/min")
    for fault in answer["faults"]:
        note(f"fault: {fault}")
    names = ("index", "ic_s", "to_s", "collapse_mdeg", "baseline_mdeg", "threshold_mdeg", "over", "reason", "cue_ms")
    if strides:
        print_table(names, [[s[n] for n in names] for s in strides])
