"""docs/detector.md §4.5: biases taken anew while standing, what they change, and when they are not taken."""

from __future__ import annotations

import numpy as np
import pytest

from kneecore import stride as f
from kneesleeve.reference import Calibration, align, detection, run
from kneesleeve.reference.bias import biases_over
from kneesleeve.reference.kernel import sagittal_rates
from kneesleeve.reference.stretches import stretches

from .synthetic import drained, record, runner, with_loss

BATCHES = 150  # six blocks
GIVEN = Calibration.of(record())


def standing(batches: int, bias=(0, 10, 0, 0, -6, 0), before: int = 0, per_batch: int = 4):
    """Batches with constant rates (shank, thigh); the first `before` of them turn at 300 LSB."""
    n = batches * per_batch
    gyro = np.tile(np.array(bias), (n, 1))
    gyro[: before * per_batch] = 300
    return drained([per_batch] * batches, [per_batch] * batches, gyro[:, :3], gyro[:, 3:])


def refreshed(run_, params) -> tuple[int, ...]:
    return detection(align(run_), params, GIVEN, 0).refreshes


@pytest.mark.parametrize("batches, expected", [(149, ()), (150, (150,)), (299, (150,)), (300, (150, 300))])
def test_six_still_blocks_refresh_and_are_counted_anew(params, batches, expected):
    assert refreshed(standing(batches), params) == expected


@pytest.mark.parametrize("before, expected", [(1, 175), (25, 175), (26, 200), (150, 300)])
def test_blocks_are_counted_from_the_start_of_detection(params, before, expected):
    assert refreshed(standing(320, before=before), params) == (expected,)


def test_detection_that_starts_later_counts_from_there(params):
    later = detection(align(standing(300)), params, GIVEN, 40)
    assert later.refreshes == (190,)


def test_batches_that_emit_nothing_do_not_count(params):
    counts = np.where(np.arange(200) % 4 == 3, 0, 4)  # 150 of 200 batches bring samples
    n = int(counts.sum())
    assert refreshed(drained(counts, counts, np.zeros((n, 3)), np.zeros((n, 3))), params) == (199,)


@pytest.mark.parametrize("channel", range(6))
@pytest.mark.parametrize(
    "rates, still",
    [
        ({3: 143}, True), ({3: 144}, False), ({3: -143}, True), ({0: 214}, False), ({b: 214 for b in range(150)}, True),
        ({b: 215 for b in range(150)}, False), ({b: -214 for b in range(150)}, True),
        ({b: -215 for b in range(150)}, False),
        ({b: 24 for b in range(25)}, True), ({b: 25 for b in range(25)}, False), ({b: -25 for b in range(25)}, False),
    ],
)  # fmt: skip
def test_still_and_steady_as_in_the_donning(params, channel, rates, still):
    """Spread of a block's batches <= 143, level <= 214, and the six block means within 24 of each other."""
    gyro = np.zeros((600, 6))
    for batch, rate in rates.items():
        gyro[4 * batch : 4 * batch + 4, channel] = rate
    counts = [4] * 150
    assert bool(refreshed(drained(counts, counts, gyro[:, :3], gyro[:, 3:]), params)) == still


def test_a_refresh_changes_exactly_the_samples_after_its_batch():
    """sy has the bias 10 up to the 150th batch's last sample and none from the next one on; ty -6."""
    stretch = stretches(align(standing(200)), 0)[0]
    biases = biases_over(stretch, GIVEN)
    sy, fr = sagittal_rates(biases.spans, stretch.part.shank_gyro, stretch.part.thigh_gyro)
    assert sy.tolist() == [10] * 600 + [0] * 200
    assert fr.tolist() == [16] * 600 + [0] * 200


def test_the_new_biases_are_those_of_the_record():
    """bias16 is 16·mean, of 1, 1, 1, 2 in every batch: 20; the rows are Q13, and the side does not count."""
    still = standing(BATCHES, (1, -1, 5, 0, 0, -3))
    still.shank_gyro[3::4, 0] = 2
    for side in (1, -1):
        given = Calibration.of(record(side))
        after = biases_over(stretches(align(still), 0)[0], given).at_end
        assert after.biases == ((8192 * 20) >> 4, -8192, 0, 0, -3 * 8192)
        assert after == Calibration.of((*given.record()[:21], *after.biases, *given.record()[26:]))


def test_the_calibration_record_stays_that_of_the_donning(params):
    result = run(standing(200), params, record())
    assert result.calibration == record() and result.refreshes == (150,)


def test_strides_after_a_loss_are_measured_with_the_biases_in_force(params):
    """29 LSB about the shank's x axis: 150 batches of standing take them out, then samples are lost, then running."""
    one = runner(5, np.zeros(5))
    still, counts = np.zeros((600, 3)), [4] * (150 + len(one.shank_gyro) // 4)
    shank, accel = np.concatenate((still, one.shank_gyro)), np.concatenate((still + [0, 0, 2049], one.shank_accel))
    shank[:, 0] += 29
    n = sum(counts)
    run_ = with_loss(drained(counts, counts, shank[:n], np.zeros((n, 3)), accel[:n]), 152, 40)
    found = detection(run_, params | {"crosstalk_gain_pct": 0}, GIVEN, 0)
    assert found.refreshes == (150,) and len(found.strides) == 5
    assert {s[f.SHANK_RANGE] for s in found.strides} == {0}


def test_a_bias_while_running_is_gone_after_standing(params):
    """The same strides before and after, but for 2 dps of bias about the shank's x axis that standing takes out."""
    one = runner(6, np.zeros(6))
    n, pause = len(one.shank_gyro), 160 * 4
    shank, accel = (np.concatenate((a, np.zeros((pause, 3), np.int16), a)) for a in (one.shank_gyro, one.shank_accel))
    shank[:, 0] += 29
    counts = [4] * (len(shank) // 4)
    total = sum(counts)
    result = run(
        drained(counts, counts, shank[:total], np.zeros((total, 3)), accel[:total]),
        params | {"crosstalk_gain_pct": 0}, record(),
    )  # fmt: skip
    assert len(result.refreshes) == 1
    range_mdeg = np.array(result.column("shank_range_mdeg"))
    later = np.array(result.column("ic")) > n + pause
    assert set(range_mdeg[later]) == {0} and set(range_mdeg[~later]) == {(47 * 29 * 35 + 52) // 104}


@pytest.mark.parametrize("batch, expected", [(1 + 150, (150,)), (150, (299,)), (60, (209,))])
def test_after_lost_samples_the_blocks_begin_anew(params, batch, expected):
    lossy = with_loss(standing(299), batch, 7)
    assert detection(lossy, params, GIVEN, 0).refreshes == expected


def test_the_biases_in_force_outlive_a_loss():
    lossy = with_loss(standing(200), 160, 7)
    first, second = stretches(lossy, 0)
    in_force = biases_over(first, GIVEN).at_end
    assert in_force.biases != GIVEN.biases
    spans = biases_over(second, in_force).spans
    sy, _ = sagittal_rates(spans, second.part.shank_gyro, second.part.thigh_gyro)
    assert set(sy.tolist()) == {0}
