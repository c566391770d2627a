"""Sessions for the report's tests: hand-made strides, and a run of the built-in runner through the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kneecore import params as schema
from kneecore import stride as st
from kneecore.records import E_BEAT
from kneesleeve.recordings import Drained, RunnerSpec, drain, synthesise
from kneesleeve.reference import run
from kneesleeve.sessions.session import Close, Event, Section, Session

ACCEPTED = (0, 91, 1, *([8192, 0, 0, 0, 8192, 0, 0, 0, 8192] * 2), *([0] * 5), 900, 0, 0, 0, 1, 5)


def refused(reason: int) -> tuple[int, ...]:
    return (reason, 0, 1, *([0] * 28), 2)


def stride(i: int, **fields: int) -> tuple[int, ...]:
    """Stride i of a steady run: 150 samples apart, 52 samples on the ground, collapse 1°, baseline 1°, threshold 2°."""
    ic = 6000 + 150 * i
    values = {
        "index": i, "ic": ic, "to": ic + 52, "judged": 1, "collapse_mdeg": 1000, "raw_collapse_mdeg": 1000,
        "excursion_mdeg": 3000, "baseline_mdeg": 1000, "threshold_mdeg": 2000, "flexion_at_ic_mdeg": 10_000,
        "flexion_peak_mdeg": 40_000, "stride_samples": 150 if i else 0, "batch": (ic + 57) * 25 // 104 + 1,
    }  # fmt: skip
    if i < 34:
        values |= {"baseline_mdeg": st.NULL, "threshold_mdeg": st.NULL, "reason": st.R_LEARNING}
    values |= fields
    return tuple(values.get(name, 0) for name in st.FIELD_NAMES)


def empty(n_batches: int = 0) -> Drained:
    """A run without samples."""
    none = np.zeros((0, 3), np.int16)
    counts = np.zeros(n_batches, np.int64)
    return Drained(counts, counts, counts - 1, 20_000 * np.arange(1, n_batches + 1), none, none, none, none)


def hand_made(strides: Sequence[tuple[int, ...]], **fields: Any) -> Session:
    """A closed session of strides only."""
    last = strides[-1][st.BATCH] if strides else 1500
    values: dict[str, Any] = {
        "path": Path("0007.sleeve"), "session_id": 7, "params": schema.defaults(), "calibration": ACCEPTED,
        "meta": {"build": "0.1.0+test", "device": "ab12cd", "session": 7, "detector": 1, "started": None},
        "accepted_batch": 1400, "drained": empty(), "strides": list(strides), "events": [], "dropouts": [],
        "close": Close(last, len(strides), 0, 1), "certain_batch": last, "last_batch": last,
    }  # fmt: skip
    return Session(**(values | fields))


@pytest.fixture(scope="session")
def real() -> Session:
    """45 s of the built-in runner, some strides with an added collapse, judged by the reference."""
    recording, _ = synthesise(RunnerSpec(seed=4, side="R", run_s=45, collapse_share=0.2, collapse_from_stride=38))
    drained = drain(recording)
    params = schema.defaults() | {"side": 1}
    result = run(drained, params)
    assert result.calibration is not None
    return hand_made(
        result.strides, drained=drained, params=params, calibration=result.calibration,
        accepted_batch=result.accepted_batch, certain_batch=len(drained), last_batch=len(drained),
        sections=[Section(None, 1, len(drained))],
    )  # fmt: skip


@pytest.fixture(scope="session")
def paced() -> Session:
    """60 s of the built-in runner with the metronome on, which this runner does not follow."""
    recording, _ = synthesise(RunnerSpec(seed=4, side="R", run_s=60, collapse_share=0.2, collapse_from_stride=38))
    drained = drain(recording)
    params = schema.defaults() | {"side": 1, "cue_mode": 2}
    result = run(drained, params)
    assert result.calibration is not None
    return hand_made(
        result.strides, drained=drained, params=params, calibration=result.calibration,
        events=[Event(batch, E_BEAT, 64 * delay_us + ms) for batch, delay_us, ms in result.beats],
        accepted_batch=result.accepted_batch, certain_batch=len(drained), last_batch=len(drained),
        sections=[Section(None, 1, len(drained))],
    )  # fmt: skip


@pytest.fixture
def changed(real: Session) -> Callable[..., Session]:
    """The real run with other fields."""
    return lambda **fields: replace(real, **fields)
