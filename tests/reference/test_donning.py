"""docs/detector.md §3: standing, squats, fit, refusals, on a wearer made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kneecore import faults
from kneesleeve.reference import align, calibrate, run
from kneesleeve.reference.axes import main_component, norm14
from kneesleeve.reference.standing import stand
from kneesleeve.reference.sums import batch_sums, still_before
from kneesleeve.reference.types import Calibration

from .synthetic import drained

BATCH = 4  # samples; 200 samples/s is near enough to 208


def wearer(squats_deg=(90, 90, 90), stand_s=4.0, end_s=2.0, flex=True, turn=None, bias=(0, 0, 0), shake=None):
    """Stand, squat (each 4 s, half of the depth in each segment), stand; sensors turned by the matrix `turn`."""
    n_stand, n_end = int(208 * stand_s) // 100 * 100, int(208 * end_s) // 100 * 100
    t = np.arange(832) / 832
    down = [d / 2 * (1 - np.cos(2 * np.pi * t)) / 2 for d in squats_deg]
    angle = np.concatenate((np.zeros(n_stand), *down, np.zeros(n_end)))
    rate = np.diff(angle, append=0) * 208 / 0.07
    shank = np.zeros((len(rate), 3))
    shank[:, 1] = rate
    if shake is not None:
        shank[:, 0] += shake(len(rate))
    turn = np.eye(3) if turn is None else turn
    thigh, up = -shank @ turn.T, np.tile([0.0, 0.0, 2049.0], (len(rate), 1))
    shank, accel = shank @ turn.T + bias, up @ turn.T
    batches = len(rate) // BATCH
    n = batches * BATCH
    mv = np.round(800 + 10 * 2 * angle[BATCH - 1 : n : BATCH]) if flex else np.full(batches, -1)
    counts = np.full(batches, BATCH)
    rounded = [np.round(a[:n]) for a in (shank, thigh, accel, accel)]
    return drained(counts, counts, *rounded, flex_mv=mv)


def record_of(run_, params) -> tuple[Calibration, int]:
    record, batch = calibrate(run_, params)
    assert record is not None
    return Calibration.of(record), batch


def test_norm14_and_main_component():
    assert norm14([3, 0, -4]) == [(3 << 28) // (5 << 14), 0, (-4 << 28) // (5 << 14)]
    assert norm14([0, 0, 0]) == [0, 0, 0]
    assert main_component([[0, 0, 0], [0, 400, 0], [0, 0, 100]])[0][1] >= 16380
    assert main_component([[0, 0, 0], [0, 900, 0], [0, 0, 100]])[1] == 100


def test_still_runs():
    assert still_before([True, True, False, True]) == [1, 2, 0, 1]


def test_standing_waits_for_a_steady_rate():
    """A leg that turns at 2 dps in the first second is still, but its blocks do not agree."""
    late = wearer(stand_s=6.0)
    late.shank_gyro[:200, 0] += 29
    at_once, settled = (stand(batch_sums(align(w), 3000)) for w in (wearer(stand_s=6.0), late))
    assert at_once is not None and (at_once.end, at_once.bias16[0]) == (150, 0)
    assert settled is not None and (settled.end, settled.bias16[0]) == (200, 0)


def test_sensors_on_their_segments(params):
    c, batch = record_of(wearer(bias=(10, -20, 30)), params)
    assert (c.status, c.side, c.good_squats, c.has_flex, c.mv0) == (0, 1, 3, 1, 800)
    identity = 8192 * np.eye(3)
    for rows in (c.shank_rows, c.thigh_rows):
        assert np.abs(np.array(rows) - identity).max() <= 60
    assert c.biases[0] == pytest.approx(10 * 8192, abs=5000) and c.biases[1] == pytest.approx(-20 * 8192, abs=5000)
    # 10 mV a degree: 1 mV = 0.1 deg = 297 U
    assert c.b_q8 / 256 == pytest.approx(297.1, rel=0.03) and c.quality >= 90
    assert batch % 25 == 0


def test_turned_sensors_are_found(params):
    a, b = np.radians((20, -15))
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    turn = turn @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    c, _ = record_of(wearer(turn=turn), params)
    assert np.abs(np.array(c.shank_rows) / 8192 - turn.T).max() <= 0.02  # rows: segment axes in sensor axes


def test_no_flex_is_a_fault_of_its_own(params):
    result = run(wearer(flex=False), params)
    assert result.faults == (faults.FLEX_MISSING,)
    assert result.calibration is not None and result.calibration[26:31] == (0, 0, 0, 0, 0)


def test_flex_that_does_not_follow(params):
    still = wearer()
    still.flex_mv[:] = 800
    result = run(still, params)
    assert result.faults == (faults.FLEX_DEGRADED,) and result.calibration is not None and result.calibration[0] == 0


def flipped(axis: int) -> np.ndarray:
    turn = -np.eye(3)
    turn[axis, axis] = 1
    return turn


@pytest.mark.parametrize(
    "reason, how",
    [
        (2, {"squats_deg": (90, 90), "end_s": 6.0}),
        (3, {"squats_deg": (90, 90, 35), "end_s": 6.0}),
        (6, {"turn": flipped(0)}),
        (7, {"turn": flipped(2)}),
    ],
)
def test_refusals(params, reason, how):
    result = run(wearer(**how), params)
    assert result.calibration is not None and result.calibration[0] == reason
    assert result.faults == (faults.DONNING_REFUSED,) and result.strides == []
    assert set(result.calibration[3:31]) == {0}


def test_never_still(params):
    counts = np.full(1600, BATCH)
    gyro = np.zeros((6400, 3))
    gyro[:, 0] = 300 * np.sin(np.arange(6400) / 10)
    result = run(drained(counts, counts, gyro, gyro), params)
    assert result.calibration is not None and (result.calibration[0], result.accepted_batch) == (1, 1500)


def test_no_end(params):
    result = run(wearer(squats_deg=(90,) * 17, end_s=0), params)
    assert result.calibration is not None and (result.calibration[0], result.calibration[31]) == (4, 14)


def test_batches_run_out(params):
    result = run(wearer(end_s=0), params)
    assert (result.calibration, result.accepted_batch, result.strides, result.faults) == (None, -1, [], ())
