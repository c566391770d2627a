"""The buzz: when it comes, when it does not, how long it is, and the promises it keeps whatever the strides do."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from core_runs import drain, params_for, random_params, runner
from hypothesis import given, settings
from hypothesis import strategies as st
from policy import STANCE, STRIDE, Judge, judged

from kneecore import stride as f
from kneecore.cue import share_pct
from kneesleeve.engines import core


def test_the_pulse_grows_with_the_excess(params):
    lengths = [judged(params, [1050 + 2000 + excess])[0][f.CUE_MS] for excess in (1, 1000, 3000, 5000, 9000)]
    assert lengths == [100, 140, 220, 300, 300]


def test_the_command_is_given_in_the_batch_that_completed_the_stride(params):
    record = judged(params, [5000])[0]
    assert record[f.REASON] == f.R_CUED and record[f.CUE_BATCH] == record[f.BATCH] > 0
    assert judged(params, [0])[0][f.CUE_BATCH] == 0


@pytest.mark.parametrize("run, share", [(1, 100), (4, 100), (5, 75), (6, 50), (7, 25), (8, 0), (30, 0)])
def test_faded_schedule_gives_its_share_of_eligible_strides(params, run, share):
    """Over 2000 strides that are over: the share within one percent, evenly spread."""
    params |= {"run_number": run, "cue_min_ms": 60, "cue_gain_ms_per_deg": 0}
    reasons = [r[f.REASON] for r in judged(params, [9000] * 2000)]
    assert set(reasons) <= {f.R_CUED, f.R_FADED}
    assert abs(100 * reasons.count(f.R_CUED) / 2000 - share) <= 1 and share_pct(run) == share
    assert all(abs(reasons[i : i + 20].count(f.R_CUED) - share / 5) <= 1 for i in range(0, 2000, 20))


def test_k_of_n(params):
    params |= {"cue_k": 2, "cue_n": 3}
    over, within = 9000, 1000
    reasons = [r[f.REASON] for r in judged(params, [over, within, over, over, within, within, over])]
    c, k, w = f.R_CUED, f.R_K_OF_N, f.R_WITHIN
    assert reasons == [k, w, c, c, w, w, k]


def test_a_stride_that_is_not_judged_does_not_enter_k_of_n(params):
    params |= {"cue_k": 2, "cue_n": 2}
    judge = Judge(params)
    judge.learn()
    judge.take(9000)
    judge.take(9000, judged=False)
    assert judge.take(9000)[f.REASON] == f.R_CUED


def test_quiet_mode_judges_but_never_buzzes(params):
    params["cue_mode"] = 0
    records = judged(params, [9000] * 20)
    assert {(r[f.OVER], r[f.REASON], r[f.CUE_MS]) for r in records} == {(1, f.R_QUIET, 0)}


@pytest.mark.parametrize(
    "how, reason",
    [
        ({"delay": 83}, f.R_CUED),  # 399 ms after contact
        ({"delay": 84}, f.R_LATE),
        ({"stride": 250}, f.R_CUED),
        ({"stride": 102, "delay": 75}, f.R_CUED),  # 21 samples = 100 ms of room
        ({"stride": 101, "delay": 75}, f.R_NO_ROOM),
    ],
)
def test_late_or_no_room(params, how, reason):
    assert judged(params, [9000], **how)[0][f.REASON] == reason


def test_a_short_swing_shortens_the_pulse(params):
    assert [judged(params, [9000], stride=s)[0][f.CUE_MS] for s in (146, 130, 110)] == [300, 235, 139]


PACE = st.tuples(st.integers(0, 20000), st.integers(95, 200), st.integers(58, 90))


@settings(deadline=None, max_examples=50, derandomize=True)
@given(st.lists(PACE, min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_promises_of_every_pulse(pattern, seed):
    """Duty <= 20 % of any 60 s; at most 400 ms after contact; over before the next one; within its limits."""
    params = random_params(np.random.default_rng(seed)) | {"cue_mode": 1, "run_number": 1}
    judge = Judge(params)
    judge.learn()
    window: deque[tuple[int, int]] = deque()
    for i in range(400):
        collapse, stride, delay = pattern[i % len(pattern)]
        before = judge.ic
        record = judge.take(collapse, stride=stride, delay=delay)
        ms, now = record[f.CUE_MS], judge.nows[-1]
        if not ms:
            continue
        why = f"stride {i} of pattern {pattern}, parameters of seed {seed}"
        assert params["cue_min_ms"] <= ms <= params["cue_max_ms"], why
        next_contact = record[f.IC] + record[f.IC] - before
        assert now * 625 / 130 + ms <= next_contact * 625 / 130 - 28, f"pulse lasts into the next contact: {why}"
        assert now - record[f.IC] <= 0.4 * 208, why
        window.append((now, ms))
        while window[0][0] <= now - 60 * 208:
            window.popleft()
        assert sum(w for _, w in window) <= 12_000, f"duty over 20 %: {why}"


@pytest.mark.parametrize("seed, side", [(1, "L"), (4, "R")])
def test_no_command_comes_in_stance(seed, side):
    """On a runner: when the batch of the command ends, the foot has left the ground."""
    recording = runner(seed=seed, side=side, misalignment_deg=25.0, gyro_bias_dps=3.0)
    strides = core.run(drain(recording), params_for(recording)).strides
    cued = [s for s in strides if s[f.CUE_MS]]
    assert len(cued) >= 3
    for s in cued:
        now = -(-104 * s[f.CUE_BATCH] // 25)  # samples drained when the command is given
        assert s[f.TO] < now <= s[f.IC] + 83, f"stride {s[f.INDEX]}: {s}"


def test_duty_shortens_then_skips_then_allows_again(params):
    params |= {"cue_min_ms": 200}
    records = judged(params, [9000] * 100, delay=STANCE + 8)
    lengths = [r[f.CUE_MS] for r in records]
    assert lengths[:40] == [300] * 40 and sum(lengths[:40]) == 12_000
    assert {r[f.REASON] for r in records[40:85]} == {f.R_DUTY}
    assert lengths[86] == 300 and 86 * STRIDE > 60 * 208 > 85 * STRIDE
