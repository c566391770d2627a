"""Lost samples in a run: core and reference begin anew alike, and keep biases, slope, baseline and policy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from core_runs import difference, params_for, rebatched, runner, with_losses

from kneecore.stride import BASELINE, LOST_SAMPLES, NULL
from kneesleeve import reference
from kneesleeve.engines import core
from kneesleeve.recordings.drain import drain


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("lost", [1, 77, 400, 3000])
def test_losses_in_the_run(lost, torn):
    """Equal clocks, and batches torn at random with the thigh behind: alignment, level and gate begin anew alike."""
    whole = runner(seed=6, side="R", run_s=70.0, misalignment_deg=20.0, gyro_bias_dps=2.0)
    gyro = whole.thigh_gyro.copy()
    gyro[70 * 208 : 70 * 208 + 5] = 32767
    run = drain(replace(whole, thigh_gyro=gyro))
    if torn:
        run = rebatched(run, np.random.default_rng(lost), gaps=0.1)
    run = with_losses(run, [50.0, 70.5, 70.9], [lost, 21, lost])
    params = params_for(whole)
    got = core.run(run, params)
    assert difference(got, reference.run(run, params)) == ""
    assert sum(s[LOST_SAMPLES] for s in got.strides) == 2 * lost + 21
    assert len(got.strides) > 70 and got.strides[-1][BASELINE] != NULL and 0 in got.column("judged")
