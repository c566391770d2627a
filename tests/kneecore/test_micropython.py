"""The same files on MicroPython: every field equal to CPython, as viper and as bytecode; a run allocates nothing."""

from __future__ import annotations

import numpy as np
import pytest
from core_runs import difference, drain, params_for, random_calibration, random_params, rebatched, runner, with_a_stop
from on_micropython import run_on_board, without_viper

from kneecore import kernel
from kneecore.fit import TOO_FEW
from kneecore.pipeline import Pipeline
from kneesleeve.engines import core
from kneesleeve.engines.core import drive
from kneesleeve.recordings.drain import Drained

FORMS = ("source", "mpy", "bytecode")


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("form", FORMS)
def test_a_runner_from_donning_to_cue(tmp_path, form, side):
    recording = runner(seed=1 if side == "L" else 4, side=side, misalignment_deg=25.0, gyro_bias_dps=3.0)
    run = rebatched(drain(recording), np.random.default_rng(5), gaps=0.05)
    params = params_for(recording)
    expected = core.run(run, params)
    assert len(expected.strides) > 45 and any(expected.column("cue_ms"))
    assert difference(run_on_board(tmp_path, form, run, params).result, expected) == ""


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_noise_at_all_limits(tmp_path, seed):
    """Saturated random samples under random frames: what a sign extension or a wrap too few would show."""
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 8, 800).astype(np.int64)
    total = int(n.sum())
    slow = np.sin(np.arange(total) / 9)[:, None] * rng.choice([-40000, 40000], 3) + rng.normal(0, 6000, (total, 3))
    arrays = [np.clip(np.roll(slow, i * 7, axis=0), -32768, 32767).astype(np.int16) for i in range(4)]
    run = Drained(n, n, rng.integers(-1, 3300, 800), np.arange(800), *arrays)
    params, calibration = random_params(rng), random_calibration(rng)
    pipe = Pipeline(params, calibration)
    stances = sum(pipe.detection.kernel_state[kernel.S_EVENTS] for _ in drive(pipe, run) if pipe.detection)
    state = bytearray(16384)
    state = bytes(state[: pipe.save(state)])
    assert stances > 3 and state
    for form in ("source", "mpy", "bytecode"):
        got = run_on_board(tmp_path, form, run, params, calibration)
        assert got.state == state and difference(got.result, core.run(run, params, calibration)) == "", (
            f"{form}, seed {seed}"
        )


@pytest.mark.parametrize(("form", "cue_mode"), [("source", 1), ("mpy", 1), ("mpy", 2)])
def test_running_allocates_nothing(tmp_path, form, cue_mode):
    """Under heap_lock any allocation raises; without it the heap must be where it was, to the byte."""
    recording = runner(seed=1, side="L", run_s=60.0, misalignment_deg=25.0, gyro_bias_dps=3.0)
    run, params = drain(recording), params_for(recording, cue_mode=cue_mode)
    expected = core.run(run, params)
    locked = run_on_board(tmp_path / "locked", form, run, params, lock=True)
    free = run_on_board(tmp_path / "free", form, run, params)
    assert difference(locked.result, expected) == "" and (any(expected.column("cue_ms")) or expected.beats)
    assert locked.running_samples == free.running_samples >= 10_000
    assert (locked.allocated, free.allocated) == (0, 0)


def test_a_stop_and_the_metronome(tmp_path):
    recording = runner(seed=4, side="R", gyro_bias_dps=3.0)
    run, params = drain(with_a_stop(recording)), params_for(recording, cue_mode=2)
    expected = core.run(run, params)
    assert expected.refreshes and expected.beats
    assert difference(run_on_board(tmp_path, "mpy", run, params).result, expected) == ""


def test_a_refusal(tmp_path):
    recording = runner(seed=1, side="L", squats=2, settle_s=8.0, run_s=2.0)
    run, params = drain(recording), params_for(recording)
    expected = core.run(run, params)
    assert expected.calibration and expected.calibration[0] == TOO_FEW
    assert difference(run_on_board(tmp_path, "source", run, params).result, expected) == ""


def test_the_bytecode_variant_has_no_viper():
    assert "viper" not in without_viper("@micropython.viper\ndef f(a: ptr8):\n    return a[0]\n")
