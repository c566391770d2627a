"""Angles of a run whose biases were taken anew: the curves follow, as the detector does."""

from __future__ import annotations

import numpy as np
import pytest

from kneecore import params as schema
from kneesleeve.recordings import RunnerSpec, drain, synthesise
from kneesleeve.reference import detect, run
from kneesleeve.report.model import Model, build

from .conftest import hand_made

OFF_BY = round(10 / 0.070 * 8192)  # 10 dps


@pytest.fixture(scope="module")
def refreshed() -> Model:
    """Standing for long after the squats, with a calibration whose shank is 10 dps off until the biases are new."""
    recording, _ = synthesise(RunnerSpec(seed=4, side="R", run_s=30, settle_s=13))
    drained, params = drain(recording), schema.defaults() | {"side": 1}
    found = run(drained, params)
    assert found.calibration is not None
    off = tuple(v + OFF_BY * (i == 21) for i, v in enumerate(found.calibration))
    result = detect(drained, params, off, found.accepted_batch)
    assert result.refreshes
    return build(
        hand_made(
            result.strides, drained=drained, params=params, calibration=off, accepted_batch=found.accepted_batch,
            certain_batch=len(drained), last_batch=len(drained),
        )
    )  # fmt: skip


def test_every_stride_agrees_with_its_record(refreshed: Model) -> None:
    m = refreshed
    assert m.angles is not None
    assert m.curves is not None
    assert m.curves.used == m.facts.judged > 30
    at_contact = m.angles.flexion_deg[np.searchsorted(m.angles.k, m.strides.ic)]
    np.testing.assert_allclose(at_contact, m.strides.flexion_at_ic_deg, atol=0.001)


def test_the_biases_are_new_from_the_refresh_on(refreshed: Model) -> None:
    """Before it the frontal angle runs away by 10° a second, after it the same standing leg stays where it is."""
    a = refreshed.angles
    assert a is not None
    wander = np.abs(a.frontal_deg[208:] - a.frontal_deg[:-208])[: 5 * 208]
    assert wander[104] == pytest.approx(10, abs=2)
    assert wander[-104] < 2
