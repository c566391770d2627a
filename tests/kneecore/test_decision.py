"""Against the wearer's own baseline: learning, threshold, hysteresis, adaptation, strides that cannot be judged."""

from __future__ import annotations

import numpy as np
import pytest
from core_runs import random_params, stride_difference
from hypothesis import given, settings
from hypothesis import strategies as st
from policy import LEARNT, Judge, judged

from kneecore import stride as f
from kneesleeve.reference.decide import Measured, decide


def test_the_first_34_judged_strides_are_never_over_and_give_the_baseline(params):
    judge = Judge(params)
    judge.learn([0] * 6 + [1000] * 14 + [1100] * 14)
    assert set(judge.column(f.REASON)) == {f.R_LEARNING} and set(judge.column(f.OVER)) == {0}
    assert set(judge.column(f.BASELINE)) == set(judge.column(f.THRESHOLD)) == {f.NULL}
    assert judge.take(9000)[f.BASELINE] == 1050  # median of strides 7-34: the first six do not count


def test_an_outlier_in_learning_does_not_move_the_baseline(params):
    judge = Judge(params)
    judge.learn([1000] * 33 + [15000])
    assert judge.take(1000)[f.BASELINE] == 1000


@pytest.mark.parametrize("spread, threshold", [(0, 2000), (600, 600 * 14826 // 10000 * 3), (5000, 3000)])
def test_threshold_follows_the_spread_between_floor_and_cap(params, spread, threshold):
    judge = Judge(params)
    judge.learn([0] * 6 + [-spread] * 14 + [spread] * 14)
    assert judge.take(0)[f.THRESHOLD] == threshold


def test_over_begins_one_millidegree_above_the_threshold(params):
    assert [r[f.OVER] for r in judged(params, [3050])] == [0]
    assert [r[f.OVER] for r in judged(params, [3051])] == [1]
    assert [r[f.OVER] for r in judged(params, [-9000])] == [0]  # outward is never over


def test_after_an_over_stride_the_threshold_is_lower(params):
    records = judged(params, [3100, 2800, 2700, 2900])
    assert [r[f.THRESHOLD] for r in records] == [2000, 1700, 1700, 2000]
    assert [r[f.OVER] for r in records] == [1, 1, 0, 0]


def test_strides_that_are_over_do_not_move_the_baseline_and_others_move_it_slowly(params):
    assert {r[f.BASELINE] for r in judged(params, [8000] * 300)} == {1050}
    followed = [r[f.BASELINE] for r in judged(params, [2050] * 300)]
    assert np.all(np.diff(followed) >= 0) and max(np.diff(followed)) <= 20 and 1900 < followed[-1] <= 2050


def test_unjudged_strides_have_no_values_and_change_nothing(params):
    judge = Judge(params)
    early = judge.take(5000, judged=False)
    assert (early[f.REASON], early[f.BASELINE]) == (f.R_UNJUDGED, f.NULL)
    judge.learn()
    first = judge.take(5000)
    blind = judge.take(5000, judged=False)
    assert (blind[f.JUDGED], blind[f.OVER], blind[f.CUE_MS]) == (0, 0, 0)
    assert blind[f.COLLAPSE] == blind[f.RAW_COLLAPSE] == blind[f.EXCURSION] == f.NULL
    assert (blind[f.BASELINE], blind[f.THRESHOLD]) == (first[f.BASELINE], 1700)
    assert judge.take(2800)[f.OVER] == 1  # hysteresis looks back to the last judged stride


STRIDES = st.lists(
    st.tuples(
        st.integers(-6000, 12000) | st.sampled_from([-5646178, 5646178, 3050, 3051]),
        st.booleans() | st.just(True),
        st.integers(100, 260),
        st.integers(55, 95),
    ),
    max_size=80,
)


@settings(deadline=None, max_examples=80, derandomize=True)
@given(STRIDES, st.integers(0, 2**32 - 1))
def test_equal_to_the_reference_for_any_strides_and_parameters(strides, seed):
    """Baseline, threshold, reason and pulse of strides at any pace, in any order."""
    params = random_params(np.random.default_rng(seed))
    judge = Judge(params)
    judge.learn()
    for collapse, is_judged, stride, delay in strides:
        judge.take(collapse, judged=is_judged, stride=stride, delay=delay)
    records = np.array(judge.records)
    collapse = np.array([*LEARNT, *[s[0] for s in strides]])
    ic, to, stride, batch = (records[:, i] for i in (f.IC, f.TO, f.STRIDE_SAMPLES, f.BATCH))
    measured = Measured(
        ic, to, stride, batch, np.array(judge.nows), records[:, f.JERK], records[:, f.JUDGED], collapse, collapse,
        collapse * 0, records[:, f.FLEXION_AT_IC], records[:, f.FLEXION_PEAK],
        *(records[:, i] for i in range(f.ABDUCTION_AT_IC, f.LOST_SAMPLES + 1)),
    )  # fmt: skip
    assert stride_difference(judge.records, decide(measured, params)) == "", f"parameters of seed {seed}: {params}"
