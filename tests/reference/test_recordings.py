"""The development recordings: real landings against an optical angle, and running with known strides."""

from __future__ import annotations

import numpy as np

from kneesleeve.recordings.drain import drain
from kneesleeve.recordings.recording import load_recording, load_truth
from kneesleeve.reference import frontal_angle, run

IMPACT_G, BEFORE_S, SPAN_S = 6.0, 0.060, 0.300


def impacts(accel: np.ndarray) -> list[int]:
    """Peaks of the shank's acceleration, at least 2 s apart."""
    g = np.linalg.norm(accel * 0.000488, axis=1)
    peaks: list[int] = []
    for k in np.flatnonzero(g > IMPACT_G).tolist():
        if peaks and k - peaks[-1] < 416:
            peaks[-1] = k if g[k] > g[peaks[-1]] else peaks[-1]
        else:
            peaks.append(k)
    return peaks


def test_frontal_angle_on_real_landings(data):
    path = data / "landing_real_imu" / "drop_landing_L.npz"
    recording = load_recording(path)
    angle, optical = frontal_angle(recording), load_truth(path)["reference_knee_xyz_deg"][:, 1]
    errors = []
    for k in impacts(recording.shank_accel.astype(float)):
        part = slice(k - round(BEFORE_S * 208), k - round(BEFORE_S * 208) + round(SPAN_S * 208))
        error = (angle[part] - angle[part][0]) - (optical[part] - optical[part][0])
        errors.append(np.sqrt(np.mean(error**2)))
    assert len(errors) == 8
    assert np.mean(errors) <= 1.8


def test_frontal_angle_of_a_donned_recording(data):
    recording = load_recording(data / "running_3min" / "BMC02_L.npz")
    angle = frontal_angle(recording)
    assert angle.shape == (recording.n_samples,) and angle[0] == 0
    assert np.allclose(frontal_angle(recording, np.full(recording.n_samples, 30.0))[0], 0)


def test_three_minutes_of_running(data, params):
    path = data / "running_3min" / "RIC03_R.npz"
    result = run(drain(load_recording(path)), params | {"side": 1})
    truth = load_truth(path)
    assert result.calibration is not None and result.calibration[0] == 0 and result.faults == ()
    contact_s = np.array(result.column("ic")) / 208
    nearest = np.abs(contact_s[:, None] - truth["truth_ic_s"]).argmin(axis=1)
    assert np.std(contact_s - truth["truth_ic_s"][nearest]) < 0.003
    error = np.array(result.column("collapse_mdeg")) / 1000 - truth["truth_collapse_deg"][nearest]
    assert np.std(error[6:]) < 0.45
