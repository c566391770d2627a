"""docs/detector.md §5 and the whole chain: a planted bump comes out, on both legs; clipped channels."""

from __future__ import annotations

import numpy as np
import pytest

from kneecore import faults
from kneecore import stride as f
from kneesleeve.reference import Calibration, align, detect, run
from kneesleeve.reference.detector import sagittal

from .synthetic import STANCE, STEP, drained, record, runner

BUMP = np.array([0.0] * 40 + [5.0, 0.0, -5.0, 0.0, 8.0, 0.0])


@pytest.mark.parametrize("side", [1, -1])
def test_planted_bump_has_its_sign_and_size(params, side):
    result = run(runner(len(BUMP), BUMP, side), params, record(side))
    assert len(result.strides) == len(BUMP)
    collapse_deg = np.array(result.column("collapse_mdeg")) / 1000
    assert np.abs(collapse_deg - BUMP).max() < 0.05
    assert np.abs(np.array(result.column("excursion_mdeg")) / 1000 - np.maximum(BUMP, 0)).max() < 0.05
    assert [i for i, o in enumerate(result.column("over")) if o] == [40, 44]
    assert result.faults == (faults.FLEX_MISSING,)


def test_events_lie_where_they_were_put(params):
    result = run(runner(10, np.zeros(10)), params, record())
    assert result.column("ic") == [STEP * i + 60 for i in range(10)]
    assert result.column("to") == [STEP * i + 60 + STANCE - 5 for i in range(10)]
    assert result.column("stride_samples") == [0] + [STEP] * 9
    assert set(result.column("jerk")) == {4000}
    # the stride is complete at to + 5; batch j holds the samples up to 104 j / 25
    assert result.column("batch") == [(k + 5) * 25 // 104 + 1 for k in result.column("to")]


def test_a_clipped_channel_makes_a_stride_unjudged(params):
    run_ = runner(5, np.zeros(5))
    run_.thigh_gyro[STEP * 2 + 60 + 30, 2] = 32700
    result = run(run_, params, record())
    assert result.column("judged") == [1, 1, 0, 1, 1]
    assert result.column("collapse_mdeg")[2] == result.column("excursion_mdeg")[2] == f.NULL
    assert result.column("flexion_at_ic_mdeg")[2] != f.NULL


@pytest.mark.parametrize("offset, judged", [(-5, 1), (-4, 0), (STANCE, 0), (STANCE + 1, 1)])
def test_clipping_counts_from_the_level_to_completion(params, offset, judged):
    run_ = runner(3, np.zeros(3))
    run_.shank_gyro[STEP + 60 + offset, 2] = -32700
    assert run(run_, params, record()).column("judged") == [1, judged, 1]


def test_detection_may_start_later(params):
    run_ = runner(6, np.zeros(6))
    late = detect(run_, params, record(), 40)  # 40 batches are 167 samples
    assert [s[f.IC] for s in late] == [STEP * i + 60 for i in range(1, 6)]
    assert late[0][f.INDEX] == 0


def test_a_refused_calibration_gives_no_strides(params):
    assert detect(runner(3, np.zeros(3)), params, (2, *record()[1:]), 0) == []


def test_an_empty_run(params):
    empty = drained([], [], np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)))
    assert run(empty, params).calibration is None
    assert run(empty, params, record()).strides == []


def flexion_at(params, mv: int) -> np.ndarray:
    bent = runner(8, np.zeros(8))
    bent.flex_mv[:] = mv
    result = run(bent, params, record(mv0=800, b_q8=256 * 297, has_flex=1))  # 0.1 deg a millivolt
    assert result.faults == () and len(result.strides) == 8
    return np.array(result.column("flexion_at_ic_mdeg"))


def test_flex_sets_the_level_of_the_flexion(params):
    assert np.abs(flexion_at(params, 1300) - flexion_at(params, 1200) - 297 * 100 * 35 / 104).max() <= 1


def test_level_of_a_knee_that_does_not_move(params):
    n = 40
    still = drained([4] * n, [4] * n, np.zeros((4 * n, 3)), np.zeros((4 * n, 3)), flex_mv=[1100] * n)
    calibration = Calibration.of(record(mv0=800, a=500, b_q8=256 * 297, c_q16=65536, has_flex=1))
    signals = sagittal(align(still), 36, calibration, 0)
    assert set(signals.flexion_u.tolist()) == {500 + 297 * 300 + 300 * 300}
