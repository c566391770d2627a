"""A run that is saved and restored at any batch boundary goes on as if nothing had been between."""

from __future__ import annotations

import numpy as np
import pytest
from core_runs import drain, params_for, rebatched, runner, stride_difference
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore.pipeline import BEAT, STRIDES, Pipeline
from kneecore.stride import FIELD_COUNT
from kneesleeve.engines import core
from kneesleeve.engines.core import drive
from kneesleeve.recordings.drain import Drained

CALM = settings(deadline=None, derandomize=True, max_examples=25)
ROOM = 16384


def whole_run(seed: int, **params: int):
    recording = runner(seed=seed, side="L", run_s=45.0, misalignment_deg=25.0, gyro_bias_dps=3.0)
    run = rebatched(drain(recording), np.random.default_rng(seed), gaps=0.05)
    return run, params_for(recording, **params)


def split_run(run: Drained, params: dict[str, int], cuts: set[int]) -> tuple[list[tuple[int, ...]], list[tuple]]:
    """Strides and beats of a run whose state goes into bytes and into a new pipeline after each batch in `cuts`."""
    pipe = Pipeline(params)
    strides, beats = [], []
    for j, bits in enumerate(drive(pipe, run), 1):
        if bits & STRIDES:
            flat = pipe.strides.tolist()
            strides += [tuple(flat[i * FIELD_COUNT : (i + 1) * FIELD_COUNT]) for i in range(pipe.stride_count)]
        if bits & BEAT:
            beats.append((j, pipe.metronome.delay_us, pipe.metronome.beat_ms))
        if j in cuts and pipe.running:
            pipe.__dict__.update(restored(pipe, params).__dict__)
    return strides, beats


def restored(pipe: Pipeline, params: dict[str, int]) -> Pipeline:
    buffer = bytearray(ROOM)
    n = pipe.save(buffer)
    assert 0 < n < ROOM
    fresh = Pipeline(params, pipe.calibration)
    fresh.restore(bytes(buffer[:n]), n)
    again = bytearray(ROOM)
    assert fresh.save(again) == n and again[:n] == buffer[:n]
    return fresh


@CALM
@given(st.integers(1, 3), st.lists(st.integers(1400, 3700), max_size=12), st.sampled_from([1, 2]))
def test_runs_split_at_any_batches_equal_unsplit_ones(seed, cuts, cue_mode):
    run, params = whole_run(seed, cue_mode=cue_mode, cue_k=2, cue_n=3, run_number=5)
    expected = core.run(run, params)
    strides, beats = split_run(run, params, set(cuts))
    assert stride_difference(strides, expected.strides) == "" and tuple(beats) == expected.beats
    assert len(strides) > 45 and bool(beats) == (cue_mode == 2)


def test_a_run_split_after_every_batch():
    run, params = whole_run(2)
    cuts = set(range(len(run.n_shank)))
    assert stride_difference(split_run(run, params, cuts)[0], core.run(run, params).strides) == ""


def test_a_state_right_after_a_stride_is_small_enough_for_a_record():
    run, params = whole_run(1)
    expected = core.run(run, params)
    pipe = Pipeline(params)
    sizes = [pipe.save(bytearray(ROOM)) for bits in drive(pipe, run) if bits & STRIDES]
    assert len(sizes) == len(expected.strides) and max(sizes) <= 3984, max(sizes)


def test_a_buffer_that_is_too_small_holds_nothing():
    run, params = whole_run(1)
    pipe = Pipeline(params, list(core.run(run, params).calibration or ()))
    pipe.batch(1, 1, 1000)
    n = pipe.save(bytearray(ROOM))
    assert pipe.save(bytearray(n + 5)) == n and pipe.save(bytearray(n - 1)) == 0
    assert Pipeline(params).save(bytearray(ROOM)) == 0  # donning


@pytest.mark.parametrize("spoil", ["cut", "version"])
def test_a_damaged_state_is_refused(spoil):
    run, params = whole_run(1)
    calibration = list(core.run(run, params).calibration or ())
    pipe = Pipeline(params, calibration)
    pipe.batch(1, 1, 1000)
    buffer = bytearray(ROOM)
    n = pipe.save(buffer)
    if spoil == "version":
        buffer[0] += 2
    with pytest.raises(ValueError, match="version|early"):
        Pipeline(params, calibration).restore(buffer, n - (spoil == "cut"))
