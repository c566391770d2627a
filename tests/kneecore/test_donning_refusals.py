"""Putting it on: every mistake is refused with its own reason; a flex sensor that fails does not stop the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from core_runs import difference, drain, params_for, runner

from kneecore import faults, fit
from kneecore.fault_table import REFUSALS
from kneesleeve import reference
from kneesleeve.engines import core
from kneesleeve.engines.result import EngineResult
from kneesleeve.recordings.recording import Recording


def answer(recording: Recording) -> EngineResult:
    """kneecore's answer; the reference must say the same."""
    run, params = drain(recording), params_for(recording)
    got = core.run(run, params)
    assert difference(got, reference.run(run, params)) == ""
    return got


def turned(recording: Recording, matrix: np.ndarray) -> Recording:
    """Both sensors mounted turned."""
    names = ("thigh_gyro", "thigh_accel", "shank_gyro", "shank_accel")
    return replace(recording, **{n: np.round(getattr(recording, n) @ matrix.T).astype(np.int16) for n in names})


def shaken(
    recording: Recording, chip: str, axis: int, lsb: float, hz: float, start_s: float, end_s: float
) -> Recording:
    """An oscillation on top of one gyro channel."""
    gyro = getattr(recording, f"{chip}_gyro").astype(float)
    t = np.arange(len(gyro)) / 208
    gyro[:, axis] += np.where((t >= start_s) & (t < end_s), lsb * np.sin(2 * np.pi * hz * t), 0)
    return replace(recording, **{f"{chip}_gyro": np.round(gyro).clip(-32768, 32767).astype(np.int16)})


def donning(**spec) -> Recording:
    return runner(**({"seed": 7, "side": "R", "run_s": 3.0} | spec))


def swapped() -> Recording:
    r = donning()
    return replace(
        r, thigh_gyro=r.shank_gyro, thigh_accel=r.shank_accel, shank_gyro=r.thigh_gyro, shank_accel=r.thigh_accel
    )


WRONG = {
    "walked about instead of standing": (fit.MOVED, lambda: shaken(donning(stand_s=33.0), "shank", 1, 400, 2.0, 0, 33)),
    "two squats": (fit.TOO_FEW, lambda: donning(squats=2, settle_s=8.0)),
    "shallow squats": (fit.TOO_SHALLOW, lambda: donning(squat_depth_deg=36.0, settle_s=8.0)),
    "one squat": (fit.TOO_FEW, lambda: donning(squats=1, settle_s=8.0)),
    "squatting without end": (fit.NO_END, lambda: donning(squats=16, settle_s=0.0)),
    "shank swinging about another axis": (
        fit.AXES_UNCLEAR,
        lambda: shaken(donning(), "shank", 0, 500, 0.9, 6, 26),
    ),
    "upside down": (fit.UPSIDE_DOWN, lambda: turned(donning(), np.diag([1.0, -1.0, -1.0]))),
    "thigh and shank swapped": (fit.SWAPPED, swapped),
    "sensors on the inner side": (fit.SWAPPED, lambda: turned(donning(), np.diag([-1.0, -1.0, 1.0]))),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_refused_with_its_reason(mistake):
    reason, make = WRONG[mistake]
    got = answer(make())
    assert got.calibration is not None
    assert REFUSALS[got.calibration[0]] == REFUSALS[reason]
    assert got.faults == (faults.DONNING_REFUSED,) and got.strides == []
    assert set(got.calibration[3:31]) == {0} and got.calibration[2] == -1


def test_every_refusal_is_tried_above_and_has_words():
    assert {reason for reason, _ in WRONG.values()} == set(range(1, 8)) and len(REFUSALS) == 8


def test_without_flex_sensor_the_run_goes_on():
    got = answer(replace(donning(run_s=40.0), flex_mv=None))
    assert got.calibration is not None and (got.calibration[0], got.calibration[30]) == (0, 0)
    assert got.faults == (faults.FLEX_MISSING,) and len(got.strides) > 45


def test_a_flex_sensor_that_is_stuck_degrades():
    r = donning(run_s=40.0)
    got = answer(replace(r, flex_mv=np.full(r.n_samples, 900, np.int16)))
    assert got.calibration is not None and (got.calibration[0], got.calibration[26], got.calibration[30]) == (0, 900, 0)
    assert got.faults == (faults.FLEX_DEGRADED,) and len(got.strides) > 45


def test_a_flex_sensor_that_hardly_follows_costs_quality():
    good = answer(donning()).calibration
    noisy = answer(donning(flex_noise_mv=60.0)).calibration
    assert good and noisy and noisy[1] < good[1]


@pytest.mark.parametrize("seed", range(4))
def test_crooked_sensors_and_bias_are_accepted(seed):
    got = answer(donning(seed=seed, side="LR"[seed % 2], misalignment_deg=25.0, gyro_bias_dps=5.0, accel_bias_g=0.05))
    assert got.calibration is not None and got.calibration[0] == 0 and got.faults == ()
    assert got.calibration[1] >= 60 and got.calibration[31] == 5
