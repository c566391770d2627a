"""docs/detector.md §5 and the whole chain: a planted bump comes out, on both legs; clipped and lost samples."""

from __future__ import annotations

import numpy as np
import pytest

from kneecore import faults
from kneecore import stride as f
from kneesleeve.reference import Calibration, align, detect, detection, run
from kneesleeve.reference.motion import sagittal
from kneesleeve.reference.rows import Span, rows_of
from kneesleeve.reference.stretches import start_mv, stretches

from .synthetic import FIRST_IC, STANCE, STEP, drained, record, runner, with_loss

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


def test_the_bump_is_the_shanks_own_and_counts_from_the_strides_mean(params):
    """8 deg inward from ic + 2 to ic + 10, held up to ic + 46: 40.5 of the 146 samples of the stride up to to - 1.

    Toe-off (ic + 47) comes when an eighth of the way back is behind.
    """
    result = run(runner(len(BUMP), BUMP), params, record())
    assert np.abs(np.array(result.column("shank_range_mdeg")) / 1000 - np.abs(BUMP)).max() < 0.01
    assert set(result.column("thigh_range_mdeg")) == {0}
    mean = 8.0 * (4.5 + 35 + 1) / STEP
    assert result.column("abduction_at_ic_mdeg")[44] / 1000 == pytest.approx(-mean, abs=0.07)
    assert result.column("abduction_peak_mdeg")[44] / 1000 == pytest.approx(8 - mean, abs=0.07)
    assert result.column("peak_samples")[44] == 9  # where it is reached first
    assert result.column("peak_samples")[42] == 0  # outward: contact itself


def test_the_thighs_part_has_the_thighs_turn(params):
    """A thigh that turns by 3 deg alone, at 0 … 37 deg of flexion: the knee turns outward, the shank does not."""
    bent = runner(8, np.zeros(8))
    bent.thigh_gyro[FIRST_IC + 5 : FIRST_IC + 15, 0] = 891
    result = run(bent, params, record())
    assert result.column("shank_range_mdeg") == [0] * 8
    assert 2000 < result.column("thigh_range_mdeg")[0] < 3000 and set(result.column("thigh_range_mdeg")[1:]) == {0}


def test_events_lie_where_they_were_put(params):
    result = run(runner(10, np.zeros(10)), params, record())
    assert result.column("ic") == [STEP * i + FIRST_IC for i in range(10)]  # that of the step before is not reported
    assert result.column("to") == [STEP * i + FIRST_IC + STANCE - 5 for i in range(10)]
    assert result.column("stride_samples") == [STEP] * 10
    assert set(result.column("jerk")) == {4000}
    # the stride is complete at to + 5; batch j holds the samples up to 104 j / 25
    assert result.column("batch") == [(k + 5) * 25 // 104 + 1 for k in result.column("to")]


def test_a_clipped_channel_makes_a_stride_unjudged(params):
    run_ = runner(5, np.zeros(5))
    run_.thigh_gyro[STEP * 2 + FIRST_IC + 30, 2] = 32700
    result = run(run_, params, record())
    assert result.column("judged") == [1, 1, 0, 1, 1]
    assert result.column("collapse_mdeg")[2] == result.column("excursion_mdeg")[2] == f.NULL
    assert result.column("flexion_at_ic_mdeg")[2] != f.NULL


TO = STANCE - 5  # from contact to toe-off


@pytest.mark.parametrize(
    "offset, judged",
    [
        (TO - STEP - 1, [0, 1, 1]),
        (TO - STEP, [0, 0, 1]),  # the toe-off before: completion there, one stride before toe-off here
        (-5, [1, 0, 1]),
        (STANCE, [1, 0, 0]),
        (STANCE + 1, [1, 1, 0]),
    ],
)
def test_clipping_counts_from_a_stride_before_toe_off_to_completion(params, offset, judged):
    run_ = runner(3, np.zeros(3))
    run_.shank_gyro[STEP + FIRST_IC + offset, 2] = -32700
    assert run(run_, params, record()).column("judged") == judged


@pytest.mark.parametrize(
    "at, counts", [(0, [1, 0, 0]), (FIRST_IC + STANCE, [1, 0, 0]), (FIRST_IC + STANCE + 1, [0, 1, 0])]
)
def test_clipped_samples_are_counted_from_completion_to_completion(params, at, counts):
    run_ = runner(3, np.zeros(3))
    run_.shank_gyro[at, 0] = run_.thigh_gyro[at, 2] = 32767  # one sample
    run_.shank_gyro[at, 2] = -32700
    assert run(run_, params, record()).column("clipped_samples") == counts
    run_.shank_gyro[at, 2] = 32699
    run_.shank_gyro[at, 0] = run_.thigh_gyro[at, 2] = -32699
    assert run(run_, params, record()).column("clipped_samples") == [0, 0, 0]


def lossy(params, batch: int, samples: int, run_=None):
    given = Calibration.of(record())
    return detection(with_loss(run_ or runner(8, np.zeros(8)), batch, samples), params, given, 0).strides


def test_after_lost_samples_the_kernel_starts_anew(params):
    """Lost in the swing before stride 3: it has no candidate before, so 4 is the next; its contact lies later."""
    batch = (STEP * 3 + FIRST_IC - 60) * 25 // 104 + 2
    strides = lossy(params, batch, 1000)
    assert [s[f.LOST_SAMPLES] for s in strides] == [0, 0, 0, 1000, 0, 0, 0]
    assert [s[f.IC] - FIRST_IC for s in strides] == [0, 146, 292, *[STEP * i + 1000 for i in (4, 5, 6, 7)]]
    assert {s[f.STRIDE_SAMPLES] for s in strides} == {STEP}
    assert [s[f.INDEX] for s in strides] == list(range(7))


def test_losses_add_up_until_a_stride_is_reported(params):
    twice = with_loss(runner(8, np.zeros(8)), 80, 1000)
    twice = with_loss_of(twice, 100, 234)
    strides = detection(twice, params, Calibration.of(record()), 0).strides
    assert sorted(s[f.LOST_SAMPLES] for s in strides)[-2:] == [0, 1234]


def test_each_loss_is_shown_once(params):
    """Strides are reported before, between and after two losses."""
    twice = with_loss_of(with_loss(runner(12, np.zeros(12)), 120, 1000), 250, 234)
    strides = detection(twice, params, Calibration.of(record()), 0).strides
    assert [s[f.LOST_SAMPLES] for s in strides if s[f.LOST_SAMPLES]] == [1000, 234]
    assert strides[0][f.LOST_SAMPLES] == strides[-1][f.LOST_SAMPLES] == 0


def with_loss_of(aligned, batch: int, samples: int):
    """A further loss in samples that are aligned already."""
    at = int(aligned.ends[batch - 2])
    aligned.k[at:] += samples
    return type(aligned)(**vars(aligned) | {"resumes": np.append(aligned.resumes, at)})


def test_clipped_samples_before_a_loss_are_forgotten(params):
    batch = (STEP * 3 + FIRST_IC - 60) * 25 // 104 + 2
    at = (batch - 1) * 104 // 25  # about where samples come again
    for offset, counted in ((-6, 0), (6, 1)):
        run_ = runner(8, np.zeros(8))
        run_.thigh_gyro[at + offset, 0] = 32767
        assert [s[f.CLIPPED_SAMPLES] for s in lossy(params, batch, 10, run_)] == [0, 0, 0, counted, 0, 0, 0]


def test_the_baseline_is_kept_over_a_loss(params):
    strides = lossy(params, 1300, 50, runner(len(BUMP), np.zeros(len(BUMP))))
    after = [s for s in strides if s[f.BATCH] > 1300]
    assert len(strides) == len(BUMP) - 1 and after[0][f.BASELINE] != f.NULL


def test_detection_may_start_later(params):
    run_ = runner(6, np.zeros(6))
    late = detect(run_, params, record(), 30).strides  # 30 batches are 125 samples: the contact at 206 is the first
    assert [s[f.IC] for s in late] == [STEP * i + FIRST_IC for i in range(1, 6)]
    assert late[0][f.INDEX] == 0
    later = detect(run_, params, record(), 40).strides  # 167: of the swing before 206, 21 samples are seen, too few
    assert [s[f.IC] for s in later] == [STEP * i + FIRST_IC for i in range(2, 6)]


def test_a_refused_calibration_gives_no_strides(params):
    assert detect(runner(3, np.zeros(3)), params, (2, *record()[1:]), 0).strides == []


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
    assert set(flexion_of(align(still), calibration)) == {500 + 297 * 300 + 300 * 300}


def flexion_of(aligned, calibration) -> list[int]:
    stretch = stretches(aligned, 0)[-1]
    return sagittal(stretch, [Span(0, len(stretch.part), rows_of(calibration))], calibration, 36).flexion.tolist()


def test_after_a_loss_the_level_starts_anew_from_the_flex_of_that_batch():
    """A knee that the gyros bend by 40 U a sample, flex at 900 mV, then 1000 mV from the loss on."""
    n = 60
    bent = drained([4] * n, [4] * n, np.tile([0, 40, 0], (4 * n, 1)), np.zeros((4 * n, 3)), flex_mv=[900] * n)
    bent.flex_mv[29:] = 1000
    calibration = Calibration.of(record(mv0=800, b_q8=256 * 297, has_flex=1))
    flexion = flexion_of(with_loss(bent, 30, 5), calibration)
    assert flexion[:4] == [200 * 297 + 40 * i for i in (1, 2, 3, 4)]
    # the first batch pushes E = 59400 - 160 beside the 59400 of the start
    assert flexion[4] == 200 * 297 - 160 + 160 // 2 + 5 * 40


def test_the_level_starts_from_the_first_batch_that_brings_samples(params):
    late = drained([0, 0, 4], [0, 4, 4], np.zeros((4, 3)), np.zeros((8, 3)), flex_mv=[900, 1000, 1100])
    assert [start_mv(align(late), accepted) for accepted in (0, 1, 3)] == [1000, 900, 1100]
    assert start_mv(align(drained([0], [0], np.zeros((0, 3)), np.zeros((0, 3)), flex_mv=[900])), 0) == -1
