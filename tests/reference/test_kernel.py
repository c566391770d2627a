"""docs/detector.md §1, §4.1, §4.2, §4.4: wrapped angles, table, flexion offset."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesleeve.reference.flexion import offsets, window_means
from kneesleeve.reference.integers import isqrt, mdeg, signed29, signed29_of_32
from kneesleeve.reference.kernel import channels, rate
from kneesleeve.reference.rows import Row
from kneesleeve.reference.trig import COS_Q14, SIN_Q14, cos_sin_q14
from kneesleeve.reference.types import Calibration

MASK = (1 << 29) - 1


def test_mdeg_rounds_and_limits():
    u = np.array([0, 104, -104, 1, 2, -(1 << 30), 1 << 30])
    assert mdeg(u).tolist() == [0, 35, -35, 0, 1, -5646178, 5646178]


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1))
def test_both_forms_of_signed_angles_agree(values):
    u = np.array(values)
    assert signed29(u).tolist() == signed29_of_32(u.astype(np.int32)).tolist()
    assert np.all((signed29(u) - u) & MASK == 0) and signed29(u).min() >= -(1 << 28)


@given(st.lists(st.integers(0, 26000), min_size=1))
def test_isqrt_is_exact_at_and_below_squares(roots):
    r = np.array(roots)
    assert isqrt(r * r).tolist() == roots
    assert isqrt(r * r + 2 * r).tolist() == roots


def test_rate_rounds_half_up():
    half = Row((4096, 0, 0))
    assert rate(half, channels(np.array([[1, 0, 0], [-1, 0, 0], [3, 9, 9]], np.int16))).tolist() == [1, 0, 2]


def test_side_turns_row_and_bias():
    assert Row((1, -2, 3), 40).folded(-1) == Row((-1, 2, -3), -40)


def test_table_is_cosine_and_sine():
    i = np.arange(-87, 436)
    angle = np.radians(i * 1024 * 35 / 104000)
    assert np.abs(COS_Q14 - 16384 * np.cos(angle)).max() <= 0.51
    assert np.abs(SIN_Q14 - 16384 * np.sin(angle)).max() <= 0.51
    assert (COS_Q14[87], SIN_Q14[87]) == (16384, 0)


def test_flexion_beyond_the_table_is_limited():
    cos, sin = cos_sin_q14(np.array([-(1 << 20), 1 << 20, 511, 512], np.int32))
    assert cos.tolist() == [COS_Q14[0], COS_Q14[-1], COS_Q14[87], COS_Q14[88]]
    assert sin[0] == SIN_Q14[0] and sin[1] == SIN_Q14[-1]


@given(st.lists(st.integers(0, MASK) | st.integers(0, 50000), min_size=1, max_size=120), st.integers(8, 64))
def test_window_mean_follows_the_text(errors, window):
    for m, mean in enumerate(window_means(np.array(errors), window).tolist()):
        last = errors[max(m + 1 - window, 0) : m + 1]
        limited = [min(max(int(signed29(np.array(e - errors[m]))), -(1 << 23)), 1 << 23) for e in last]
        assert mean == sum(limited) // len(last)


def offsets_of(has_flex, mv, emits, ends):
    calibration = Calibration.of((0,) * 2 + (1,) + (0,) * 23 + (1000, 500, 25600, 0, has_flex, 5))
    return offsets(calibration, np.array(mv), 1010, np.array(emits), np.array(ends), 8).tolist()


def test_offset_uses_only_earlier_batches_and_plausible_flex():
    # F = 500 + 100 m; before: m = 10 -> E = 1500; then E = 2500 - 100 = 2400, then nothing is pushed twice
    after = offsets_of(1, [1020, 3300, 1020, 1000], [4, 4, 0, 4], [100, 0, 0, 0])
    assert after[:2] == [1500, 2400 + (1500 - 2400) // 2]
    assert after[1] == after[2] == after[3]


def test_without_flex_the_level_is_the_mean_of_running():
    assert offsets_of(0, [-1, -1], [4, 4], [0, 0]) == [109943, 109943]


@pytest.mark.parametrize("mv, expected", [(1010, 1500), (20, 0)])
def test_first_offset_takes_the_batch_before(mv, expected):
    calibration = Calibration.of((0,) * 2 + (1,) + (0,) * 23 + (1000, 500, 25600, 0, 1, 5))
    assert offsets(calibration, np.array([1020]), mv, np.array([4]), np.array([0]), 8).tolist() == [expected]
