"""The page of a run whose samples were recorded around its cues only: everything else of it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kneecore import stride as st
from kneesleeve.report.model import build
from kneesleeve.report.sections import recording_notes
from kneesleeve.sessions.raw import RawRun, drained
from kneesleeve.sessions.session import Session


@pytest.fixture
def windows(real: Session, changed: Callable[..., Session]) -> Session:
    """Of every tenth stride from the 36th on, the two seconds that end with it."""
    d = real.drained
    keep = np.zeros(len(d), bool)
    for stride in real.strides[36::10]:
        keep[stride[st.BATCH] - 100 : stride[st.BATCH]] = True
    number = np.flatnonzero(keep) + 1
    samples = [np.hstack([getattr(d, f"{c}_gyro"), getattr(d, f"{c}_accel")]) for c in ("shank", "thigh")]
    shank, thigh = (s[np.repeat(keep, n)] for s, n in zip(samples, (d.n_shank, d.n_thigh), strict=True))
    run = RawRun(number, d.ticks_us[keep] % (1 << 30), d.flex_mv[keep], d.n_shank[keep], d.n_thigh[keep], shank, thigh)
    return changed(drained=drained(run), meta=real.meta | {"level": "windows"}, certain_batch=0)


def test_strides_have_their_times_and_nothing_is_called_missing(windows: Session, real: Session) -> None:
    m, whole = build(windows), build(real)
    assert m.gaps == [] and m.facts.running_s == pytest.approx(whole.facts.running_s, abs=0.1)
    assert m.facts.cadence_spm == pytest.approx(whole.facts.cadence_spm, rel=0.01)
    np.testing.assert_allclose(
        m.strides.ic_s - m.strides.ic_s[0], whole.strides.ic_s - whole.strides.ic_s[0], atol=0.05
    )


def test_the_knee_is_shown_in_the_windows(windows: Session, real: Session) -> None:
    """Each window begins anew; its angles are those of the whole run, but for the level of the bend."""
    m, whole = build(windows), build(real)
    assert m.angles is not None and whole.angles is not None
    assert len(m.angles.k) == pytest.approx(windows.drained.n_shank.sum(), rel=0.1)
    assert np.ptp(m.angles.flexion_deg) == pytest.approx(np.ptp(whole.angles.flexion_deg), abs=12)


def test_the_page_says_what_was_recorded(windows: Session, real: Session) -> None:
    notes = " ".join(recording_notes(windows, build(windows)))
    assert "around the buzzes only" in notes and "Every stride was recorded" in notes and "gap" not in notes.lower()
    assert "every sample" in " ".join(recording_notes(real, build(real)))


def test_samples_missing_from_a_raw_run_are_still_a_gap(windows: Session) -> None:
    m = build(replace(windows, meta=windows.meta | {"level": "raw"}))
    assert len(m.gaps) >= 1 and m.facts.missing_s > 5
