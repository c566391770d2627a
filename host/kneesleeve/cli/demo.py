"""`sleeve demo`: the whole way on a virtual sleeve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kneesleeve.cli.options import Json
from kneesleeve.cli.output import note, print_json
from kneesleeve.errors import UsageError
from kneesleeve.services.demo import demo_runner, run_demo
from kneesleeve.services.verdict import Verdict

_LEAST_S = 1.0


def command(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the session and the report.")] = Path(
        "sleeve-demo"
    ),
    recording: Annotated[
        Path | None, typer.Option("--recording", help="Run this recording (.npz) instead of the built-in runner.")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="Seconds of running.")] = 90.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the built-in runner.")] = 1,
    as_json: Json = False,
) -> int:
    """Boot a virtual sleeve, put it on, run, pull the run over the link, verify it bit for bit, write a report."""
    if recording is None:
        if seconds < _LEAST_S:
            raise UsageError(
                f"{seconds:g} s is no run.", hint="At least 1 s; 40 strides (30 s) are needed for a baseline."
            )
        motion = demo_runner(seconds, seed)
    else:
        from kneesleeve.recordings import load_recording

        motion = load_recording(recording)
        for warning in motion.warnings:
            note(f"warning: {warning}")
    result = run_demo(motion, out, note)
    if as_json:
        print_json(
            {
                "verdict": result.verdict.verdict,
                "session": str(result.session),
                "report": str(result.report),
                "strides": result.strides,
                "over": result.over,
                "cues": result.cues,
                "wall_s": round(result.wall_s, 3),
            }
        )
        return result.verdict.exit_code
    note(f"session: {result.session}")
    print(f"{result.strides} strides, {result.over} over the baseline, {result.cues} cues; {result.wall_s:.1f} s")
    print(f"{_words(result.verdict)} Report: {result.report}")
    return result.verdict.exit_code


def _words(verdict: Verdict) -> str:
    if verdict.difference or verdict.reason:
        return f"{verdict.verdict}: {verdict.difference or verdict.reason}."
    return f"{verdict.verdict}: sleeve and reference agree in every field of {verdict.checked_strides} strides."
