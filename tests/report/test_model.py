"""The numbers of a report, from hand-made strides and from a run of the built-in runner."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from kneecore import stride as st
from kneesleeve.recordings import Drained
from kneesleeve.report.curves import curves
from kneesleeve.report.drift import FEWEST, drift
from kneesleeve.report.model import build
from kneesleeve.report.timeline import timeline
from kneesleeve.sessions.session import Dropout, Session

from .conftest import empty, hand_made, refused, stride


def run_with_overs() -> Session:
    """100 strides: 34 learning, 64 compared of which 4 over (3 cued), 2 not judged."""
    strides = [stride(i) for i in range(100)]
    for i in (50, 60, 70, 80):
        strides[i] = stride(i, over=1, collapse_mdeg=5000, reason=st.R_CUED, cue_ms=200, cue_batch=1500 + i)
    strides[80] = stride(80, over=1, collapse_mdeg=5000, reason=st.R_FADED)
    for i in (90, 91):
        strides[i] = stride(i, judged=0, collapse_mdeg=st.NULL, excursion_mdeg=st.NULL, reason=st.R_UNJUDGED)
    return hand_made(strides)


def test_headline_numbers() -> None:
    f = build(run_with_overs()).facts
    assert (f.state, f.leg, f.strides, f.judged, f.learning, f.compared) == ("judged", "left", 100, 98, 34, 64)
    assert (f.over, f.over_share, f.cues, f.cue_share) == (4, 4 / 64, 3, 3 / 4)
    assert f.cadence_spm == pytest.approx(120 / (150 / 208))
    assert f.contact_ms == pytest.approx(250)
    assert f.running_s == pytest.approx(99 * 150 / 208, abs=0.03)
    assert (f.baseline_deg, f.limit_deg, f.median_over_deg) == (1.0, 2.0, 4.0)


def test_missing_values_are_nan_and_inward_is_relative_to_the_usual() -> None:
    s = build(run_with_overs()).strides
    assert np.isnan(s.collapse_deg[90])
    assert np.isnan(s.stride_s[0])
    assert s.inward_deg[0] == 0.0  # while learning: from the first baseline
    assert s.inward_deg[50] == 4.0
    assert int(s.compared.sum()) == 64


def test_reasons_are_counted() -> None:
    assert build(run_with_overs()).reasons == {
        st.R_WITHIN: 60, st.R_CUED: 3, st.R_LEARNING: 34, st.R_UNJUDGED: 2, st.R_FADED: 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("session", "state"),
    [
        (hand_made([stride(i) for i in range(20)]), "learning"),
        (hand_made([]), "no_strides"),
        (hand_made([], calibration=refused(3)), "refused"),
        (hand_made([], calibration=None, accepted_batch=-1), "unfinished"),
    ],
)
def test_states_without_a_judgement(session: Session, state: str) -> None:
    f = build(session).facts
    assert f.state == state
    assert f.over_share is None
    assert f.limit_deg is None


def test_drift_is_silent_in_short_runs() -> None:
    values = np.ones(4 * FEWEST - 1)
    assert drift(values) is None
    assert drift(np.append(values, 1.0)) is not None
    assert drift(np.append(values, np.nan)) is None


def test_drift_finds_a_change_and_no_change() -> None:
    rng = np.random.default_rng(1)
    steady = rng.normal(0, 1, 4 * 300)
    found = drift(steady + np.repeat([0.0, 0.0, 0.0, 1.0], 300))
    assert found is not None
    assert found.clear
    assert found.low < 1.0 < found.high
    clear = [drift(rng.normal(0, 1, 1000)) for _ in range(200)]
    assert sum(d is not None and d.clear for d in clear) <= 20  # 5 % are to be expected


def test_angles_and_curves_agree_with_the_detector(real: Session) -> None:
    m = build(real)
    assert m.angles is not None
    assert m.curves is not None
    at_contact = np.interp(m.strides.ic, m.angles.k, m.angles.flexion_deg)
    np.testing.assert_allclose(at_contact, m.strides.flexion_at_ic_deg, atol=0.05)
    assert m.curves.used == m.facts.judged  # every recomputed collapse fits its record
    over, within = m.curves.inward_over, m.curves.inward_within
    assert over is not None
    assert within is not None
    assert (over.n, within.n) == (m.facts.over, m.facts.compared - m.facts.over)
    added = (over.mean_deg - within.mean_deg)[30:76].mean()
    assert added == pytest.approx(m.facts.median_over_deg, abs=0.6)
    assert 0.25 < m.curves.stance_share < 0.45


def test_strides_after_a_loss_give_no_curve(changed: Callable[..., Session]) -> None:
    session = changed(certain_batch=2200)
    m = build(session)
    assert m.curves is not None
    assert m.curves.used == sum(s[st.BATCH] <= 2200 for s in session.strides)
    assert m.angles is not None
    assert curves(m.angles, m.strides, 0) is None


def test_whole_runs_have_no_gaps(real: Session) -> None:
    assert build(real).gaps == []


def test_dropouts_and_late_drains_are_gaps(real: Session, changed: Callable[..., Session]) -> None:
    d = real.drained
    late = Drained(
        d.n_thigh, d.n_shank, d.flex_mv, d.ticks_us + 4_000_000 * (np.arange(len(d)) >= 2000),
        d.thigh_gyro, d.thigh_accel, d.shank_gyro, d.shank_accel,
    )  # fmt: skip
    m = build(changed(drained=late, dropouts=[Dropout(1000, 0, 1, 208), Dropout(2001, 2, 3, 0)]))
    assert [t for g in m.gaps for t in (g.start_s, g.end_s)] == pytest.approx([19.0, 20.0, 40.0, 44.02], abs=0.01)
    assert m.facts.missing_s == pytest.approx(5.02, abs=0.01)
    assert "ran over" in m.gaps[0].cause
    assert "storage" in m.gaps[1].cause


def test_time_follows_the_clock_of_the_sleeve(real: Session) -> None:
    d = real.drained
    slow = Drained(
        d.n_thigh, d.n_shank, d.flex_mv, (d.ticks_us * 1.02).astype(np.int64) & 0x3FFFFFFF,
        d.thigh_gyro, d.thigh_accel, d.shank_gyro, d.shank_accel,
    )  # fmt: skip
    clock = timeline(slow)
    assert clock.rate_hz == pytest.approx(208 / 1.02, rel=1e-3)
    assert clock.of_sample(208 * 60) == pytest.approx(60 * 1.02, abs=0.03)
    assert timeline(empty()).of_sample(207) == pytest.approx(1.0)
