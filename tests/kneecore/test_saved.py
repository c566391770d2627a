"""A run that is saved and restored at any batch boundary goes on as if nothing had been between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from core_runs import drain, joined, params_for, part, rebatched, runner, stride_difference, with_losses
from disturbed import donned, torn
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore import faults
from kneecore.pipeline import BEAT, REFRESHED, STRIDES, Pipeline
from kneecore.stride import FIELD_COUNT, R_CUED, R_DUTY, R_FADED, R_K_OF_N, REASON
from kneesleeve.engines import core
from kneesleeve.engines.core import drive
from kneesleeve.engines.result import EngineResult
from kneesleeve.recordings.drain import Drained

CALM = settings(deadline=None, derandomize=True, max_examples=10)
ROOM = 16384


def whole_run(seed: int, **params: int):
    recording = runner(seed=seed, side="L", run_s=45.0, misalignment_deg=25.0, gyro_bias_dps=3.0)
    run = rebatched(drain(recording), np.random.default_rng(seed), gaps=0.05)
    return run, params_for(recording, **params)


@dataclass(frozen=True)
class Outcome:
    """What a run says, and the pipeline's own numbers at its end."""

    strides: list[tuple[int, ...]]
    beats: list[tuple[int, ...]]
    refreshes: list[int]
    batches: int
    accepted_batch: int
    fault: int

    def difference(self, other: Outcome) -> str:
        """The first difference in words, "" if there is none."""
        for name in ("beats", "refreshes", "batches", "accepted_batch", "fault"):
            if getattr(self, name) != getattr(other, name):
                return f"{name}: got {getattr(self, name)}, expected {getattr(other, name)}"
        return stride_difference(self.strides, other.strides)


def split_run(
    run: Drained, params: dict[str, int], cuts: set[int], calibration: Sequence[int] | None = None
) -> Outcome:
    """A run whose state goes into bytes and into a new pipeline after each batch in `cuts`."""
    pipe = Pipeline(params, list(calibration) if calibration else None)
    strides, beats, refreshes = [], [], []
    for j, bits in enumerate(drive(pipe, run), 1):
        if bits & STRIDES:
            flat = pipe.strides.tolist()
            strides += [tuple(flat[i * FIELD_COUNT : (i + 1) * FIELD_COUNT]) for i in range(pipe.stride_count)]
        if bits & BEAT:
            beats.append((j, pipe.metronome.delay_us, pipe.metronome.beat_ms))
        if bits & REFRESHED:
            refreshes.append(j)
        if j in cuts and pipe.running:
            pipe.__dict__.update(restored(pipe, params).__dict__)
    return Outcome(strides, beats, refreshes, pipe.batches, pipe.accepted_batch, pipe.fault)


def restored(pipe: Pipeline, params: dict[str, int]) -> Pipeline:
    buffer = bytearray(ROOM)
    n = pipe.save(buffer)
    assert 0 < n < ROOM
    fresh = Pipeline(params, pipe.calibration)
    fresh.restore(bytes(buffer[:n]), n)
    again = bytearray(ROOM)
    assert fresh.save(again) == n and again[:n] == buffer[:n]
    return fresh


def stop_without_flex() -> Scenario:
    """A donning without a flex sensor; a stop of 14 s with two jolts, which put the refreshes off; the metronome."""
    whole = runner(seed=4, side="R", gyro_bias_dps=3.0)
    standing = part(whole, 0.2, 5.0)
    stop = joined(standing, standing, standing)
    gyro = stop.shank_gyro.copy()
    for at_s, jolt in ((1.1, -400), (6.1, 400)):  # 28 dps for a batch: the block is not still, its mean is as before
        gyro[round(at_s * 208) : round(at_s * 208) + 4, 1] += jolt
    stopped = joined(part(whole, 0, 66), replace(stop, shank_gyro=gyro), part(whole, 66, 1e4))
    run = drain(replace(stopped, flex_mv=None))
    return Scenario(run, params_for(whole, cue_mode=2), None, set(range(1400, 5000, 13)) | set(range(3300, 4060, 3)))


def clipped_and_lost() -> Scenario:
    """Clocks that differ, torn batches, clipped samples between and in stances, losses; k of n in a faded run."""
    whole, calibration = donned("L")
    rng = np.random.default_rng(2)
    recording = part(whole, 29, 92)
    gyro = recording.thigh_gyro.copy()
    for start in rng.integers(0, len(gyro), 40):
        gyro[start : start + 2, 1] = 32767
    run = torn(replace(recording, thigh_gyro=gyro), rng, 20_000)
    seconds = [len(run) / 50 * share for share in (0.12, 0.17, 0.22, 0.27, 0.72, 0.9)]
    run = with_losses(run, seconds, [40, 1, 208, 3, 500, 80])
    n_thigh = run.n_thigh.copy()
    for row, _ in run.losses:  # the thigh is a batch late after a loss: what is older than the loss must not be taken
        n_thigh[row], n_thigh[row + 1] = 0, n_thigh[row] + n_thigh[row + 1]
    run = replace(run, n_thigh=n_thigh)
    cuts = set(rng.integers(1, len(run), 250).tolist())
    for row, _ in run.losses:
        cuts |= set(range(row - 1, row + 12))
    params = params_for(
        whole, cue_k=2, cue_n=3, run_number=5, flex_window=64, threshold_floor_mdeg=500, threshold_cap_mdeg=500
    )
    return Scenario(run, params, calibration, cuts)


def duty() -> Scenario:
    """Every stride collapses and asks for 300 ms: the duty of 60 s is reached, and pulses leave its window again."""
    whole = runner(seed=1, side="L", run_s=135.0, collapse_share=1.0, misalignment_deg=25.0, gyro_bias_dps=3.0)
    params = params_for(
        whole, cue_min_ms=300, cue_max_ms=300, threshold_floor_mdeg=500, threshold_cap_mdeg=500, hysteresis_pct=50
    )
    calibration = core.run(drain(part(whole, 0, 32)), params).calibration
    run = drain(part(whole, 29, 170))
    return Scenario(run, params, calibration, set(range(200, len(run), 47)))


@dataclass(frozen=True)
class Scenario:
    """A run, its parameters and calibration (None: a donning), and the batches after which it is split."""

    run: Drained
    params: dict[str, int]
    calibration: Sequence[int] | None
    cuts: set[int]

    def outcomes(self) -> tuple[Outcome, Outcome]:
        """Split and unsplit."""
        return (
            split_run(self.run, self.params, self.cuts, self.calibration),
            split_run(self.run, self.params, set(), self.calibration),
        )


def test_a_stop_with_refreshes_and_beats_is_split():
    split, whole = stop_without_flex().outcomes()
    assert split.difference(whole) == ""
    assert len(whole.refreshes) == 4 and len(whole.beats) > 40 and whole.fault == faults.FLEX_MISSING
    assert whole.accepted_batch > 0


def test_clipped_and_lost_samples_are_split():
    split, whole = clipped_and_lost().outcomes()
    assert split.difference(whole) == ""
    columns = EngineResult(None, -1, whole.strides)
    assert sum(n > 0 for n in columns.column("clipped_samples")) > 10 and columns.column("judged").count(0) > 5
    assert sum(n > 0 for n in columns.column("lost_samples")) == 6
    assert {R_K_OF_N, R_FADED, R_CUED} <= set(columns.column("reason"))


def test_a_full_duty_is_split():
    split, whole = duty().outcomes()
    assert split.difference(whole) == ""
    reasons = [s[REASON] for s in whole.strides]
    first = reasons.index(R_DUTY)
    assert R_CUED in reasons[first:], "no pulse left the window"


@CALM
@given(st.integers(1, 3), st.lists(st.integers(1400, 3700), max_size=12), st.sampled_from([1, 2]))
def test_runs_split_at_any_batches_equal_unsplit_ones(seed, cuts, cue_mode):
    run, params = whole_run(seed, cue_mode=cue_mode, cue_k=2, cue_n=3, run_number=5)
    expected = core.run(run, params)
    got = split_run(run, params, set(cuts))
    assert stride_difference(got.strides, expected.strides) == "" and tuple(got.beats) == expected.beats
    assert len(got.strides) > 45 and bool(got.beats) == (cue_mode == 2)


def test_a_run_split_after_every_batch():
    run, params = whole_run(2)
    cuts = set(range(len(run.n_shank)))
    assert stride_difference(split_run(run, params, cuts).strides, core.run(run, params).strides) == ""


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
    with pytest.raises(ValueError, match=r"version|cut"):
        Pipeline(params, calibration).restore(buffer, n - (spoil == "cut"))
