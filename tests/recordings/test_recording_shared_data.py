"""Against the shared recordings (real angle curves, computed signals); skipped where they are absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kneesleeve.recordings import drain, load_recording, load_truth
from kneesleeve.recordings.fit_gait_curves import fit
from kneesleeve.recordings.gait_curves import coefficients, mean_angles_deg
from kneesleeve.recordings.runner import stance_measures

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the shared data is not at {DATA}")


@needs_data
def test_table_of_gait_curves_is_what_the_data_gives() -> None:
    fitted = fit(DATA / "joint_angles")
    np.testing.assert_allclose(coefficients(), fitted.coefficients_deg, atol=0.001)
    assert (fitted.n_runners, fitted.n_strides, fitted.n_dropped) == (24, 704, 12)
    assert fitted.worst_residual_deg < 0.2


def test_mean_curves_look_like_running() -> None:
    hip, _, _, knee, _, _ = mean_angles_deg(np.array([0.0, 0.14, 0.36, 0.7]))
    assert knee[3] > 80 and 5 < knee[0] < 15 and 35 < knee[1] < 45  # swing, contact, mid-stance
    assert hip[0] > 20 and hip[2] < -5  # reaches forward at contact, is behind at toe-off


@needs_data
def test_every_shared_recording_loads() -> None:
    paths = sorted(DATA.glob("*/*.npz"))
    assert paths
    for path in paths:
        recording = load_recording(path)
        run = drain(recording)
        assert run.n_shank.sum() == run.n_thigh.sum() == recording.n_samples
        has_routine = path.parent.name.startswith("running")
        assert (recording.flex_mv is not None) == has_routine
        assert (recording.mounting_thigh is None) == has_routine


@needs_data
def test_collapse_is_measured_as_in_the_shared_recordings() -> None:
    truth = load_truth(DATA / "running_3min" / "BMC01_R.npz")
    abduction = truth["truth_abduction_deg"].astype(float)
    t_s = np.arange(len(abduction)) / 208
    collapse, excursion = stance_measures(t_s, abduction, truth["truth_ic_s"], truth["truth_to_s"])
    assert np.abs(collapse - truth["truth_collapse_deg"]).max() < 0.15
    assert np.abs(excursion - truth["truth_excursion_deg"]).max() < 0.3
