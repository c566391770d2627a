"""kneecore and the reference give the same answer, field by field, on runners and on the development recordings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from core_runs import difference, drain, params_for, rebatched, runner, with_a_stop

from kneecore import faults
from kneecore import stride as f
from kneesleeve import reference
from kneesleeve.engines import core
from kneesleeve.recordings.recording import load_recording


@pytest.mark.parametrize(
    ("seed", "side", "style"),
    [(1, "L", "steady"), (2, "R", "easy"), (3, "L", "fast"), (4, "R", "steady"), (5, "R", "fast"), (6, "L", "easy")],
)
def test_runners_from_donning_to_cue(seed, side, style):
    recording = runner(seed=seed, side=side, style=style, misalignment_deg=25.0, gyro_bias_dps=3.0)
    params = params_for(recording)
    got = core.run(drain(recording), params)
    assert difference(got, reference.run(drain(recording), params)) == ""
    assert len(got.strides) > 45 and got.faults == ()
    assert {f.R_LEARNING, f.R_CUED, f.R_WITHIN} <= set(got.column("reason"))


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_drains_that_stall_and_chips_a_few_samples_apart(seed):
    recording = runner(seed=1, side="L", style="steady", misalignment_deg=25.0, gyro_bias_dps=3.0)
    run = rebatched(drain(recording), np.random.default_rng(seed), gaps=0.2)
    params = params_for(recording)
    got = core.run(run, params)
    assert difference(got, reference.run(run, params)) == "", f"rebatched with seed {seed}"
    assert got.calibration is not None and len(got.strides) > 45
    assert got.column("cue_ms").count(0) < len(got.strides)


def test_without_flex_sensor():
    recording = replace(runner(seed=2, side="R", style="easy", misalignment_deg=25.0, gyro_bias_dps=3.0), flex_mv=None)
    params = params_for(recording)
    got = core.run(drain(recording), params)
    assert difference(got, reference.run(drain(recording), params)) == ""
    assert got.faults == (faults.FLEX_MISSING,) and len(got.strides) > 45


def test_a_calibration_that_was_given_starts_at_once():
    recording = runner(seed=4, side="R", style="steady", misalignment_deg=25.0, gyro_bias_dps=3.0)
    params = params_for(recording)
    donned = core.run(drain(recording), params)
    assert donned.calibration is not None
    got = core.run(drain(recording), params, donned.calibration)
    assert difference(got, reference.run(drain(recording), params, donned.calibration)) == ""
    assert got.accepted_batch == 0 and len(got.strides) >= len(donned.strides)


@pytest.mark.parametrize(
    "name",
    [
        "running_3min/BMC02_L",
        "running_3min/RIC03_R",
        "running_treadmill/RBDS012_3.5mps_L",
        "running_treadmill/RBDS019_2.5mps_L",
        "walking_real_imu/Sub05",
        "landing_real_imu/drop_landing_L",
    ],
)
def test_recordings(data, name):
    path = data / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"{name}.npz is not among the development recordings")
    recording = load_recording(path)
    params = params_for(recording)
    run = drain(recording)
    assert difference(core.run(run, params), reference.run(run, params)) == ""


@pytest.mark.parametrize("cue_mode", [0, 1, 2])
def test_a_stop_at_a_crossing_and_every_cue_mode(cue_mode):
    """Standing for 7 s in the run takes the biases anew, twice; the metronome stops and starts again."""
    run, params = (
        drain(with_a_stop(runner(seed=4, side="R", gyro_bias_dps=3.0))),
        params_for(runner(seed=4, side="R", gyro_bias_dps=3.0), cue_mode=cue_mode),
    )
    got = core.run(run, params)
    assert difference(got, reference.run(run, params)) == ""
    assert len(got.refreshes) == 2 and len(got.strides) > 40 and bool(got.beats) == (cue_mode == 2)
    if cue_mode == 2:
        gaps = np.diff([batch for batch, _, _ in got.beats])
        assert gaps.max() > 300 and np.median(gaps) < 20
