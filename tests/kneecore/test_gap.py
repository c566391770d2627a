"""Lost samples in a run: core and reference begin anew alike, and keep biases, slope, baseline and policy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from core_runs import params_for, part, runner, stride_difference

from kneecore.pipeline import STRIDES, Pipeline
from kneecore.stride import BASELINE, FIELD_COUNT, IC, LOST_SAMPLES, NULL
from kneesleeve.engines import core
from kneesleeve.engines.core import drive
from kneesleeve.recordings.drain import Drained, drain
from kneesleeve.reference import Aligned, Calibration, detection


def taken(pipe: Pipeline, run: Drained) -> list[tuple[int, ...]]:
    """The strides of a stretch of batches."""
    out = []
    for bits in drive(pipe, run):
        if bits & STRIDES:
            flat = pipe.strides.tolist()
            out += [tuple(flat[i * FIELD_COUNT : (i + 1) * FIELD_COUNT]) for i in range(pipe.stride_count)]
    return out


def aligned(stretches: list[Drained], lost: list[int]) -> Aligned:
    """What the alignment of equal clocks emits: every sample as it is, k jumping on by what was lost before a stretch."""
    first, ks, drained, resumes = 0, [], [], []
    emitted = 0
    for run, jump in zip(stretches, lost, strict=True):
        first += jump
        if jump:
            resumes.append(emitted)
        n = int(run.n_shank.sum())
        ks.append(first + np.arange(n))
        drained.append(first + np.cumsum(run.n_shank))
        first += n
        emitted += n

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(r, name) for r in stretches])

    counts = joined("n_shank")
    return Aligned(
        np.concatenate(ks), joined("shank_gyro"), joined("shank_accel"), joined("thigh_gyro"), joined("thigh_accel"),
        np.cumsum(counts), np.concatenate(drained), joined("flex_mv"), np.array(resumes, np.int64),
    )  # fmt: skip


@pytest.mark.parametrize("lost", [1, 77, 400, 3000])
@pytest.mark.parametrize("clip", [False, True])
def test_a_loss_in_the_run(lost, clip):
    whole = runner(seed=6, side="R", run_s=70.0, misalignment_deg=20.0, gyro_bias_dps=2.0)
    if clip:
        gyro = whole.thigh_gyro.copy()
        gyro[round(70 * 208) : round(70 * 208) + 5] = 32767
        whole = replace(whole, thigh_gyro=gyro)
    params = params_for(whole)
    calibration = list(core.run(drain(part(whole, 0, 33)), params).calibration or ())
    stretches = [drain(part(whole, 30 + 20 * i, 50 + 20 * i - 0.01 * i)) for i in range(3)]
    pipe = Pipeline(params, calibration)
    got = taken(pipe, stretches[0])
    for run in stretches[1:]:
        pipe.gap(lost)
        got += taken(pipe, run)
    expected = detection(aligned(stretches, [0, lost, lost]), params, Calibration.of(calibration), 0)
    assert stride_difference(got, expected.strides) == ""
    assert [s[LOST_SAMPLES] for s in got if s[LOST_SAMPLES]] == [lost, lost]
    after = [s for s in got if s[IC] > 20 * 208 + lost]
    assert len(got) > 60 and (len(got) < 34 or after[30][BASELINE] != NULL)
