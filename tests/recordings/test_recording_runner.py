"""The parametric runner: repeatable, mirrored, with the signs of the recordings and the truth it claims."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kneesleeve.errors import UsageError
from kneesleeve.recordings import (
    NAMED_RUNNERS,
    Recording,
    RunnerSpec,
    Truth,
    load_recording,
    load_truth,
    named_runner,
    save,
    synthesise,
)

IMU = ("thigh_gyro", "thigh_accel", "shank_gyro", "shank_accel")
QUIET = RunnerSpec(
    run_s=30, misalignment_deg=0, gyro_bias_dps=0, accel_bias_g=0, gyro_noise_mdps_rthz=0, accel_noise_mg_rthz=0,
    flex_noise_mv=0, collapse_share=0.3, collapse_from_stride=5,
)  # fmt: skip


def rates_dps(recording: Recording, truth: Truth) -> tuple[np.ndarray, np.ndarray]:
    """Flexion and abduction rate by the formulas of the design, from sensors without misalignment."""
    thigh, shank = recording.thigh_gyro * 0.070, recording.shank_gyro * 0.070
    theta = np.radians(truth.flexion_deg.astype(float))
    sign = 1 if recording.side == "L" else -1
    frontal = sign * (shank[:, 0] - (np.cos(theta) * thigh[:, 0] - np.sin(theta) * thigh[:, 2]))
    return shank[:, 1] - thigh[:, 1], frontal


def stance_errors_deg(rate_dps: np.ndarray, angle_deg: np.ndarray, truth: Truth) -> np.ndarray:
    """Largest distance, per stance, of the integrated rate from the true angle, both from contact."""
    worst = []
    for ic_s, to_s in zip(truth.ic_s, truth.to_s, strict=True):
        k = np.arange(round(ic_s * 208), round(to_s * 208) + 1)
        steps = (rate_dps[k][1:] + rate_dps[k][:-1]) / 2 / 208
        worst.append(np.abs(np.cumsum(steps) - (angle_deg[k][1:] - angle_deg[k[0]])).max())
    return np.array(worst)


def test_equal_specs_give_equal_recordings() -> None:
    spec = RunnerSpec(seed=7, run_s=5)
    (a, truth_a), (b, truth_b) = synthesise(spec), synthesise(spec)
    other, _ = synthesise(replace(spec, seed=8))
    for key in (*IMU, "flex_mv"):
        np.testing.assert_array_equal(getattr(a, key), getattr(b, key))
        assert not np.array_equal(getattr(a, key), getattr(other, key))
    np.testing.assert_array_equal(truth_a.collapse_deg, truth_b.collapse_deg)


def test_right_leg_is_the_mirror_image() -> None:
    (left, truth_left), (right, truth_right) = (synthesise(replace(QUIET, side=side)) for side in "LR")
    for segment in ("thigh", "shank"):
        gyro = getattr(left, f"{segment}_gyro") * np.array([-1, 1, -1])
        accel = getattr(left, f"{segment}_accel") * np.array([1, -1, 1])
        np.testing.assert_array_equal(getattr(right, f"{segment}_gyro"), gyro)
        np.testing.assert_array_equal(getattr(right, f"{segment}_accel"), accel)
    np.testing.assert_array_equal(truth_left.abduction_deg, truth_right.abduction_deg)
    np.testing.assert_array_equal(left.flex_mv, right.flex_mv)


@pytest.mark.parametrize("side", ["L", "R"])
def test_formulas_of_the_design_give_the_truth(side: str) -> None:
    recording, truth = synthesise(replace(QUIET, side=side, knee_rotation_gain=0))
    flexion_rate, abduction_rate = rates_dps(recording, truth)
    running = np.arange(recording.n_samples) > (truth.run_start_s + 1) * 208
    true_rate = np.gradient(truth.flexion_deg.astype(float)) * 208
    assert np.corrcoef(flexion_rate[running], true_rate[running])[0, 1] > 0.999
    assert stance_errors_deg(abduction_rate, truth.abduction_deg, truth)[2:].max() < 0.03


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("seed", range(3))
def test_neglected_knee_rotation_costs_little(side: str, seed: int) -> None:
    recording, truth = synthesise(replace(QUIET, seed=seed, side=side))
    errors = stance_errors_deg(rates_dps(recording, truth)[1], truth.abduction_deg, truth)[2:]
    assert np.median(errors) < 0.7
    assert errors.max() < 1.0


def test_mounting_turns_sensor_axes_into_segment_axes() -> None:
    straight, _ = synthesise(QUIET)
    turned, truth = synthesise(replace(QUIET, misalignment_deg=25))
    for segment, matrix in (("thigh", truth.mounting_thigh), ("shank", truth.mounting_shank)):
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
        back = getattr(turned, f"{segment}_gyro") @ matrix.T
        assert np.abs(back - getattr(straight, f"{segment}_gyro")).max() < 2.0  # counts: rounding only


def test_donning_routine() -> None:
    recording, truth = synthesise(RunnerSpec(seed=3, run_s=5))
    flexion = truth.flexion_deg
    assert truth.run_start_s == 30.5
    np.testing.assert_allclose(flexion[: 6 * 208], truth.stand_flex_deg, atol=1e-4)
    np.testing.assert_allclose(flexion[26 * 208 : 29 * 208], truth.stand_flex_deg, atol=1e-4)
    for squat in range(5):
        assert flexion[(6 + 4 * squat) * 208 : (10 + 4 * squat) * 208].max() - truth.stand_flex_deg >= 60
    accel_g = np.linalg.norm(recording.shank_accel[: 6 * 208] * 0.000488, axis=1)
    np.testing.assert_allclose(accel_g.mean(), 1, atol=0.04)
    assert truth.ic_s[0] == pytest.approx(30.5, abs=1e-6)


def test_standing_gravity_is_up() -> None:
    recording, _ = synthesise(QUIET)
    for accel in (recording.thigh_accel, recording.shank_accel):
        x, y, z = accel[: 6 * 208].mean(axis=0) * 0.000488
        assert z > 0.98 and abs(x) < 0.15 and abs(y) < 0.05


def test_collapse_has_the_size_asked_for() -> None:
    base, plain = synthesise(replace(QUIET, collapse_share=0, run_s=60))
    _, bent = synthesise(replace(QUIET, collapse_share=0.3, run_s=60))
    np.testing.assert_array_equal(plain.ic_s, bent.ic_s)
    added = bent.collapse_deg - plain.collapse_deg
    np.testing.assert_allclose(added[~bent.event], 0, atol=1e-9)
    assert not plain.event.any() and bent.event[5:].any() and not bent.event[:5].any()
    # mean of sin^2 over 30-75 % of stance is 0.845 of its peak of 4..8 deg
    assert added[bent.event].min() > 0.84 * 4 and added[bent.event].max() < 0.85 * 8
    assert base.side == "R"


def test_every_nth_stride_collapses() -> None:
    _, truth = synthesise(replace(QUIET, collapse_every=4, collapse_from_stride=6))
    assert np.flatnonzero(truth.event).tolist() == list(range(6, len(truth.event), 4))


def test_gait_figures() -> None:
    for name in NAMED_RUNNERS:
        spec = named_runner(name, seed=5, side="L", run_s=40)
        recording, truth = synthesise(spec)
        assert 120 / np.median(np.diff(truth.ic_s)) == pytest.approx(spec.cadence_spm, abs=1.5)
        assert 0.005 < np.diff(truth.ic_s).std() < 0.015
        peak_g = np.linalg.norm(recording.shank_accel * 0.000488, axis=1)
        peaks = [peak_g[int(t * 208) : int(t * 208) + 8].max() for t in truth.ic_s[3:]]
        assert np.min(peaks) > 3 and np.max(peaks) < 12 and 4 < np.mean(peaks) < 10
        assert np.abs(recording.shank_gyro * 0.070).max() < 1200


def test_a_run_may_be_empty() -> None:
    recording, truth = synthesise(RunnerSpec(run_s=0))
    assert recording.n_samples == round(30.5 * 208) and len(truth.ic_s) == len(truth.collapse_deg) == 0


def test_saved_file_loads_the_same(tmp_path: Path) -> None:
    recording, truth = synthesise(RunnerSpec(seed=2, side="L", run_s=5))
    path = tmp_path / "made.npz"
    save(recording, truth, path)
    loaded = load_recording(path)
    assert loaded.warnings == () and loaded.side == "L"
    for key in (*IMU, "flex_mv"):
        np.testing.assert_array_equal(getattr(loaded, key), getattr(recording, key))
    np.testing.assert_array_equal(load_truth(path)["truth_collapse_deg"], truth.collapse_deg)
    assert load_truth(path)["run_start_s"] == truth.run_start_s


@pytest.mark.parametrize(
    "bad", [{"side": "X"}, {"style": "moonwalk"}, {"cadence_spm": 20}, {"misalignment_deg": 40}, {"run_s": -1},
            {"collapse_min_deg": 9}, {"run_s": float("nan")}],
)  # fmt: skip
def test_spec_outside_its_range_is_refused(bad: dict) -> None:
    with pytest.raises(UsageError) as caught:
        RunnerSpec(**bad)
    assert caught.value.hint
    with pytest.raises(UsageError, match="no runner named"):
        named_runner("usain")
