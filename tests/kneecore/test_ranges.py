"""Every integer of the running path stays within 31 bits, every buffer within its bounds, under the worst inputs.

The text runs on the checked integers of checked.py. The CRC is exempt: it uses all 32 bits by design and masks its
shifts; test_crc.py compares it with zlib instead.
"""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from checked import Array, OutOfRangeError, Small, load
from core_runs import (
    drain,
    frame,
    params_for,
    part,
    random_calibration,
    random_params,
    rebatched,
    runner,
    stride_difference,
)
from disturbed import corner_params, disturbed, donned, nearby, tally, torn
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore.params import TABLE
from kneecore.pipeline import STRIDES, Pipeline
from kneecore.stride import FIELD_NAMES
from kneesleeve.engines import core
from kneesleeve.recordings.drain import Drained

CORE = load()
B28 = 1 << 28
N = len(FIELD_NAMES)
SEED = st.integers(0, 2**32 - 1)
CALM = settings(deadline=None, derandomize=True)
DIAGONAL = np.array([1, 1, 1]) / np.sqrt(3)  # the unit row with the largest sum


def small(values):
    return [Small(v) for v in values]


def checked_strides(run: Drained, params: dict[str, int], calibration, state: bytes = b"") -> list[tuple[int, ...]]:
    """The strides of a run with a given calibration, in checked integers; it goes on from a state if there is one."""
    pipe = CORE.pipeline.Pipeline({k: Small(v) for k, v in params.items()}, small(calibration))
    pipe._table = Array("H", pipe._table)
    if state:
        pipe.restore(Array("B", state), Small(len(state)))
    shank = np.hstack([run.shank_gyro, run.shank_accel]).ravel().tolist()
    thigh = np.hstack([run.thigh_gyro, run.thigh_accel]).ravel().tolist()
    s = t = 0
    out = []
    for n_s, n_t, mv in zip(run.n_shank.tolist(), run.n_thigh.tolist(), run.flex_mv.tolist(), strict=True):
        pipe.shank.v[: 6 * n_s], s = shank[s : s + 6 * n_s], s + 6 * n_s
        pipe.thigh.v[: 6 * n_t], t = thigh[t : t + 6 * n_t], t + 6 * n_t
        if pipe.batch(Small(n_s), Small(n_t), Small(mv)) & CORE.pipeline.STRIDES:
            out += [tuple(pipe.strides.v[N * i : N * i + N]) for i in range(pipe.stride_count)]
    return out


def test_the_checked_integer_raises_at_31_bits():
    assert Small(1 << 29) + ((1 << 29) - 1) == (1 << 30) - 1
    for wrong in (
        lambda: Small(1 << 29) + (1 << 29),
        lambda: -(1 << 15) * Small((1 << 15) + 1),
        lambda: Small(1) << 30,
    ):
        with pytest.raises(OutOfRangeError):
            wrong()


def test_a_run_in_checked_integers_gives_the_same_strides():
    whole = runner(seed=1, side="L", style="steady", misalignment_deg=25.0, gyro_bias_dps=3.0)
    params = params_for(whole)
    calibration = core.run(drain(part(whole, 0, 32)), params).calibration
    assert calibration
    run = rebatched(drain(part(whole, 30, 58)), np.random.default_rng(1), gaps=0.1)
    expected = core.run(run, params, calibration).strides
    assert stride_difference(checked_strides(run, params, calibration), expected) == "" and len(expected) > 35


@settings(CALM, max_examples=8)
@given(SEED, st.sampled_from(["corners", "noise"]))
def test_any_samples_frame_and_parameters(seed, kind):
    rng = np.random.default_rng(seed)
    batches = 60
    n_shank = rng.integers(0, 9, batches).astype(np.int64)
    n_thigh = np.roll(n_shank, 1)
    n_thigh[0] = 0
    s, t = int(n_shank.sum()), int(n_thigh.sum())
    if kind == "noise":
        arrays = [rng.integers(-32768, 32768, (n, 3)).astype(np.int16) for n in (t, t, s, s)]
    else:
        arrays = [rng.choice([-32768, 32767], (n, 3)).astype(np.int16) for n in (t, t, s, s)]
    run = Drained(n_thigh, n_shank, rng.integers(-1, 3300, batches), np.arange(batches), *arrays)
    params, calibration = random_params(rng), random_calibration(rng)
    assert checked_strides(run, params, calibration) == core.run(run, params, calibration).strides


@pytest.mark.parametrize("side", ["L", "R"])
def test_a_runner_with_disturbances_and_parameter_corners(side):
    """Up to the baseline in plain integers, then 8 s disturbed in checked ones, which reach every kind of stride."""
    reached: Counter[str] = Counter()
    for seed in range(6):
        rng = np.random.default_rng([seed, side == "R", 2])
        whole, calibration = donned(side)
        params, given = corner_params(rng, side), nearby(calibration, rng)
        learnt = core_pipeline(drain(part(whole, 29, 68)), params, given)
        run = torn(disturbed(part(whole, 68, 76), rng, most=5), rng, 0)
        state = saved(learnt)
        expected = strides_from(Pipeline(params, given), state, run)
        assert checked_strides(run, params, given, state) == expected, f"{side}, seed {seed}"
        reached += tally(expected)
    assert reached["with_strides"] > 0.6 * reached["runs"], reached
    for name, least in (("strides", 30), ("unjudged", 3), ("over", 6), ("cued", 3)):
        assert reached[name] >= least, reached


def core_pipeline(run: Drained, params: dict[str, int], calibration: list[int]) -> Pipeline:
    """kneecore after a run."""
    pipe = Pipeline(params, calibration)
    for _ in core.drive(pipe, run):
        pass
    return pipe


def saved(pipe: Pipeline) -> bytes:
    buffer = bytearray(16384)
    return bytes(buffer[: pipe.save(buffer)])


def strides_from(pipe: Pipeline, state: bytes, run: Drained) -> list[tuple[int, ...]]:
    """The strides of a run that goes on from a state."""
    pipe.restore(state, len(state))
    out = []
    for bits in core.drive(pipe, run):
        if bits & STRIDES:
            flat = pipe.strides.tolist()
            out += [tuple(flat[N * i : N * i + N]) for i in range(pipe.stride_count)]
    return out


def worst_calibration(first: np.ndarray, side: int, bias_sign: int) -> list[int]:
    """Frames whose row `first` lies along a space diagonal, with the largest biases a donning may find."""
    rows = np.round(8192 * first).astype(int).ravel().tolist()
    biases = [bias_sign * (sum(abs(v) for v in rows[r : r + 3]) * 16 * 214 >> 4) for r in (0, 3, 0, 3, 6)]
    return [0, 0, side, *rows, *rows, *biases, 0, 0, 0, 0, 0, 5]


def turned(rng: np.random.Generator, row: int) -> np.ndarray:
    """An orthonormal frame with one row along a space diagonal."""
    diagonal = DIAGONAL * rng.choice([-1, 1], 3)
    other = np.cross(diagonal, rng.normal(size=3))
    other /= np.linalg.norm(other)
    return np.roll(np.stack([diagonal, other, np.cross(diagonal, other)]), row, axis=0)


@pytest.mark.parametrize("side, row, bias_sign", list(itertools.product((1, -1), range(3), (1, -1))))
def test_kernel_at_every_corner_of_the_samples(side, row, bias_sign):
    """All 64 corners of a sensor's six channels against all states of the prefix sums, with the worst frames."""
    rng = np.random.default_rng(50 + 100 * row + 10 * side + bias_sign)
    k = CORE.kernel
    words = k.coefficients(small(worst_calibration(turned(rng, row), side, bias_sign)), Small(400))
    state = k.fresh_state(Small(1 << 28))  # two weeks into a run
    history = Array("i", bytearray(4 * k.COLUMNS * k.SAMPLES))
    table = Array("H", CORE.trig.table())
    corners = np.array(list(itertools.product((0, 65535), repeat=6)))
    samples = np.hstack([corners, rng.permutation(corners)]).ravel().tolist()
    for off, g, abd in itertools.product((0, B28 - 1, B28, 2 * B28 - 1), (0, 2 * B28 - 1), (0, 2 * B28 - 1)):
        state[k.S_G], state[k.S_A], state[k.S_Z], state[k.S_B] = g, abd, abd, abd
        k.step(Array("H", samples), 64, off, words, state, history, table)
    assert state[k.S_K] == (1 << 28) + 16 * 64


@settings(CALM, max_examples=60)
@given(SEED, st.integers(0, 104))
def test_stance_of_any_prefix_sums(seed, length):
    rng = np.random.default_rng(seed)
    history = any_history(rng)
    stance = CORE.stance.Stance(history, Small(int(rng.choice([0, 30, 100]))))
    ic = int(rng.integers(500, B28))
    stance.measure(
        Small(ic), Small(ic + length), Small(int(rng.integers(94, 251))), Small(int(rng.choice([-512, 512])))
    )
    limit = (1 << 24) * 35 // 104 + 1
    assert abs(stance.collapse_mdeg) <= limit and abs(stance.excursion_mdeg) <= limit
    assert stance.shank_range_mdeg >= 0 and stance.thigh_range_mdeg >= 0


def any_history(rng: np.random.Generator) -> Array:
    """512 samples of prefix sums at their limits and anywhere, rates and accelerations at theirs."""
    sums = rng.choice([0, B28 - 1, B28, 2 * B28 - 1, int(rng.integers(2 * B28))], (512, 6))
    sums[:, 3:5] = 0x100000 + rng.choice([-2 * 57000, 0, 2 * 57000], (512, 2))
    return Array("i", sums.ravel().tolist())


@settings(CALM, max_examples=60)
@given(SEED, st.integers(40, 250), st.integers(25, 79))
def test_gate_and_crosstalk_of_any_history(seed, swing, stance):
    rng = np.random.default_rng(seed)
    history = any_history(rng)
    ic = int(rng.integers(500, B28))
    gate = CORE.gate.RunningGate(history, Small(200))
    gate.is_stride(Small(ic - 250), Small(ic - 250 + stance), Small(114_000))
    gate.is_stride(Small(ic), Small(ic + stance), Small(114_000))
    crosstalk = CORE.crosstalk.Crosstalk(history, Small(100))
    for _ in range(8):
        crosstalk.swing(Small(ic - swing), Small(ic))
    crosstalk.settle()
    assert abs(crosstalk.kappa) <= 512


@settings(CALM, max_examples=20)
@given(SEED, st.integers(1, 96))
def test_biases_of_any_still_samples(seed, n):
    """Small rates at all signs, in the largest batches; frames as long as a row may be."""
    rng = np.random.default_rng(seed)
    bias = CORE.bias.BiasRefresh(small(worst_calibration(turned(rng, 0), -1, 1)))
    level = int(rng.choice([-214, 214]))
    found = [bias.step(Array("H", [32768 + level] * 12 * n), Small(n)) for _ in range(150)]
    assert found == [False] * 149 + [True]
    words = CORE.kernel.coefficients(bias._cal, Small(150))
    CORE.kernel.set_biases(words, bias._cal, bias.bias)


@settings(CALM, max_examples=40)
@given(st.integers(94, 250), st.integers(0, 100), st.integers(20, 60), st.integers(0, 4 * 3600 * 208))
def test_beats_of_any_cadence(own, up, beat_ms, now):
    metronome = CORE.cadence.Metronome({k: Small(v) for k, v in params_with(up, beat_ms).items()})
    metronome.set_own(Small(own))
    for _ in range(60):
        now += 4
        metronome.step(Small(now), Small(now - 200))
    assert metronome.beat_ms <= beat_ms


def params_with(up: int, beat_ms: int) -> dict[str, int]:
    return {"cue_mode": 2, "cadence_up_permille": up, "cadence_beat_ms": beat_ms}


@settings(CALM, max_examples=60)
@given(SEED, st.integers(1, 80), st.sampled_from([8, 36, 64]))
def test_flexion_level_of_any_map_and_history(seed, pushes, window):
    rng = np.random.default_rng(seed)
    calibration = random_calibration(rng)
    c_q16 = int(rng.choice([-119_000, 0, 119_000]))
    b_q8 = int(rng.choice([-1, 1])) * (700_000 - (abs(c_q16) * 1500 >> 8))
    calibration[26:31] = [int(rng.choice([50, 3200])), int(rng.choice([-1, 1])) << 26, b_q8, c_q16, 1]
    level = CORE.flexion.FlexLevel(small(calibration), Small(window))
    level.start(Small(-1))
    for _ in range(pushes):
        level.push(Small(int(rng.choice([-1, 50, 3200]))), Small(int(rng.choice([0, B28, 2 * B28 - 1]))))
        assert 0 <= level.offset() < 2 * B28


@settings(CALM, max_examples=12)
@given(SEED, st.integers(1, 64), st.integers(0, 64))
def test_alignment_of_any_counts_and_samples(seed, most_shank, most_thigh):
    rng = np.random.default_rng(seed)
    a = CORE.align.Aligner()
    samples = Array("h", rng.choice([-32768, -1, 0, 32767], 64 * 6))
    for _ in range(60):
        n = a.push(samples, int(rng.integers(0, most_shank + 1)), samples, int(rng.integers(0, most_thigh + 1)))
        assert 0 <= n <= 96


def test_alignment_of_a_thigh_chip_that_dies_after_hours():
    """D grows without end: 5 samples a batch of one chip only, from a start two hours into the run."""
    a = CORE.align.Aligner()
    samples = Array("h", [32767, -32768] * 192)
    a.gap(Small(2 * 3600 * 208))
    for batch in range(400):
        a.push(samples, 5, samples, 5 if batch < 120 else 0)
    a.n_t = Small(a.n_t - 1_000_000)  # ... and two hours later
    for _ in range(120):
        assert a.push(samples, 5, samples, 0) <= 96


@settings(CALM, max_examples=40)
@given(st.binary(min_size=7 * 128, max_size=7 * 128), SEED)
def test_fifo_words_of_any_content(content, seed):
    rng = np.random.default_rng(seed)
    words = bytearray(content)
    for i in range(0, len(words), 7):
        words[i] = int(rng.choice([0x08, 0x10, 0x20, 0x00, 0xF8, words[i]]))
    out = Array("B", bytearray(12 * 64))
    assert 0 <= CORE.fifo.decode(Array("B", [*words]), Small(128), out) <= 64


@settings(CALM, max_examples=60)
@given(SEED)
def test_decision_and_cue_of_any_collapse(seed):
    rng = np.random.default_rng(seed)
    params = {k: Small(v) for k, v in random_params(rng).items()}
    baseline, cue = CORE.decision.Baseline(params), CORE.cue.CuePolicy(params)
    largest = (1 << 25) * 35 // 104
    ic = int(rng.choice([0, B28]))
    for _ in range(80):
        collapse = Small(int(rng.choice([-largest, -1, 0, 1, largest, int(rng.integers(-20000, 20000))])))
        ic += int(rng.integers(30, 200))
        if not baseline.ready:
            baseline.learn(collapse, Small(int(rng.integers(94, 251))))
        elif baseline.judge(collapse):
            excess = collapse - baseline.baseline_mdeg - baseline.threshold_mdeg
            cue.over(excess, Small(ic), Small(int(rng.integers(94, 251))), Small(ic + int(rng.integers(20, 200))))
            assert cue.cue_ms <= 300
        else:
            cue.not_over()


def test_donning_sums_of_the_largest_batch():
    out = Array("i", bytearray(48))
    CORE.donning._sum(Array("H", [65535] * 96 * 12), Small(96), out)
    assert out.v == [96 * 65535] * 12


def test_every_parameter_fits_a_small_integer():
    assert all(-(1 << 30) <= v < (1 << 30) for row in TABLE for v in row[1:4])


def test_frames_of_the_worst_rows_reach_near_the_limit():
    """Guards the tests above: their frames must be the worst there are (sum of a row's sizes near 14192)."""
    rows = np.round(8192 * turned(np.random.default_rng(0), 0)).astype(int)
    assert np.abs(rows).sum(axis=1).max() >= 14187
    assert np.allclose(frame(np.random.default_rng(0)) @ frame(np.random.default_rng(0)).T, np.eye(3))
