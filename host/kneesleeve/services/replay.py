"""Replay: a recording through one of three engines, and the answer as the JSON that the design fixes."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from kneecore import fault_table
from kneecore.stride import NULL, REASON_NAMES
from kneesleeve.engines import ENGINES
from kneesleeve.engines.result import EngineResult
from kneesleeve.errors import UsageError
from kneesleeve.recordings import Recording, drain
from kneesleeve.recordings.drain import BATCH_US

_CODES = {"index", "ic", "to", "judged", "over", "reason", "cue_batch", "batch", "jerk", "stride_samples"}


def replay(
    recording: Recording,
    engine: str,
    params: Mapping[str, int],
    calibration: Sequence[int] | None = None,
    *,
    thigh_ppm: int = 0,
    shank_ppm: int = 0,
) -> EngineResult:
    """Run `engine` over the recording. Clock errors (ppm) exist only on the virtual sleeve.

    Raises UsageError for an unknown engine.
    """
    if engine not in ENGINES:
        raise UsageError(f"There is no engine {engine!r}.", hint=f"Engines: {', '.join(ENGINES)}.")
    if engine == "virtual":
        from kneesleeve.engines import virtual

        return virtual.run(recording, params, calibration, thigh_ppm=thigh_ppm, shank_ppm=shank_ppm)
    if thigh_ppm or shank_ppm:
        raise UsageError(f"The engine {engine} has no clocks.", hint="Use --clock-ppm with --engine virtual.")
    if engine == "core":
        from kneesleeve.engines import core

        return core.run(drain(recording), params, calibration)
    from kneesleeve import reference

    return reference.run(drain(recording), dict(params), calibration)


def mounting_calibration(recording: Recording) -> list[int]:
    """Calibration record from the recording's mounting matrices (docs/detector.md §3.5).

    Raises RecordingError if it has none.
    """
    from kneesleeve.recordings.errors import RecordingError

    r = recording
    if r.mounting_shank is None or r.mounting_thigh is None:
        raise RecordingError(f"{r.name} carries no mounting matrices.", hint="Use --calibration donning.")
    rows = [round(float(v) * 8192) for m in (r.mounting_shank, r.mounting_thigh) for v in m.ravel()]
    return [0, 0, -1 if r.side == "R" else 1, *rows, *[0] * 11]


def as_json(engine: str, result: EngineResult) -> dict[str, Any]:
    """The fixed output of `sleeve replay`: one function for all engines."""
    strides = [_stride(result, i) for i in range(len(result.strides))]
    return {
        "engine": engine,
        "calibration": _calibration(result),
        "cadence_spm": cadence_spm(result),
        "strides": strides,
        "beats": [{"at_s": (b * BATCH_US + delay_us) / 1e6, "ms": ms} for b, delay_us, ms in result.beats],
        "bias_refreshed_at_s": [b * BATCH_US / 1e6 for b in result.refreshes],
        "faults": [fault_table.TABLE[f][0] for f in result.faults],
    }


def sample_s(k: int) -> float:
    """Time of a shank sample in seconds: whole microseconds of the shank timebase."""
    return k * 62500 // 13 / 1e6


def cadence_spm(result: EngineResult) -> float | None:
    """Steps per minute: 120 over the median stride time; None without strides."""
    times = [sample_s(n) for n in result.column("stride_samples") if n]
    return round(120 / statistics.median(times), 3) if times else None


def _stride(result: EngineResult, i: int) -> dict[str, Any]:
    from kneecore.stride import FIELD_NAMES

    s = dict(zip(FIELD_NAMES, result.strides[i], strict=True))
    values = {name: None if v == NULL else v for name, v in s.items() if name not in _CODES}
    return {
        "index": s["index"],
        "ic_s": sample_s(s["ic"]),
        "to_s": sample_s(s["to"]),
        **values,
        "judged": bool(s["judged"]),
        "over": bool(s["over"]),
        "reason": REASON_NAMES[s["reason"]],
        "cue_at_s": s["cue_batch"] * BATCH_US / 1e6 if s["cue_batch"] else None,
        "stride_s": sample_s(s["stride_samples"]) if s["stride_samples"] else None,
        "jerk_mg": s["jerk"] * 488 // 1000,
        "completed_batch": s["batch"],
    }


def _calibration(result: EngineResult) -> dict[str, Any]:
    record = result.calibration
    if record is None:
        return {"status": "none", "reason": "the recording ended before the donning", "quality": None, "batch": None}
    status = "refused" if record[0] else "given" if result.accepted_batch == 0 else "accepted"
    return {
        "status": status,
        "reason": fault_table.REFUSALS[record[0]],
        "quality": record[1],
        "side": "L" if record[2] > 0 else "R",
        "batch": result.accepted_batch,
        "squats": record[31],
        "flex": bool(record[30]),
        "record": list(record),
    }
