"""docs/detector.md §5.2: the slope of a constructed swing, when it is used, when it is set, what it takes."""

from __future__ import annotations

import numpy as np
import pytest

from kneecore import stride as f
from kneesleeve.reference import run
from kneesleeve.reference.crosstalk import NO_SLOPE, crosstalk_term, flexion_rise, slopes_in_force, swing_slopes
from kneesleeve.reference.gate import Strides
from kneesleeve.reference.motion import Motion

from .synthetic import STEP, record, runner

TO, IC = 100, 200  # toe-off before and contact; 100 samples of swing


def one(before_to: int = TO, ic: int = IC) -> Strides:
    return Strides(*(np.array([v]) for v in (ic, ic + 50, ic + 55, 2000, before_to - 50, before_to)))


def swing(u, v, samples: int = 300) -> Motion:
    """A swing with u and v (512 U) from TO on, both 0 at contact, and something else outside."""
    flexion, abduction = np.full(samples, 99 << 9), np.full(samples, -77 << 9)
    flexion[TO : TO + len(u)], abduction[TO : TO + len(v)] = np.array(u) << 9, np.array(v) << 9
    flexion[IC] = abduction[IC] = 0
    zero = np.zeros(samples, np.int32)
    return Motion(zero, flexion.astype(np.int32), abduction.astype(np.int32), zero, zero)


def slope_of(knee: Motion, strides: Strides | None = None, clipped_at: int | None = None) -> int:
    clipped = np.zeros(301, np.int32)
    if clipped_at is not None:
        clipped[clipped_at + 1 :] = 1
    return int(swing_slopes(knee, strides or one(), clipped)[0])


SWAY = [100, -100] * 50  # power 10000 a sample


@pytest.mark.parametrize("percent", [-30, -7, 0, 20, 40])
def test_slope_of_a_swing_in_which_abduction_follows_flexion(percent):
    """c_uv = percent/100·c_uu, of 1 000 000: in Q10 1024·percent/100, by the integers of the text."""
    v = [u * percent // 100 for u in SWAY]
    assert slope_of(swing(SWAY, v)) == (1_000_000 * percent // 100) // (1_000_000 >> 10)


def test_constant_parts_do_not_matter():
    level = slope_of(swing([u + 300 for u in SWAY], [u // 4 - 200 for u in SWAY]))
    assert level == slope_of(swing(SWAY, [u // 4 for u in SWAY])) == 250_000 // 976


@pytest.mark.parametrize("sign", [1, -1])
def test_the_slope_is_limited_to_one_half(sign):
    assert slope_of(swing(SWAY, [sign * u for u in SWAY])) == 512 * sign


def test_angles_are_limited_in_512_u():
    """2000 counts as 1023 and -2000 as -1023: -1023·500 per sample over 1023² a sample (with 1024 it were -500)."""
    swayed = swing([2000, -2000] * 50, [-500, 500] * 50)
    assert slope_of(swayed) == (-1023 * 500 * 100) // ((1023 * 1023 * 100) >> 10) == -501


@pytest.mark.parametrize("amplitude, used", [(57, False), (58, True)])
def test_the_knee_must_have_bent_by_10_degrees(amplitude, used):
    assert (slope_of(swing([amplitude, -amplitude] * 50, SWAY)) != NO_SLOPE) == used


@pytest.mark.parametrize("samples, used", [(39, False), (40, True)])
def test_the_swing_must_last_40_samples(samples, used):
    strides = one(before_to=IC - samples)
    assert (slope_of(swing(SWAY, SWAY), strides) != NO_SLOPE) == used


@pytest.mark.parametrize("at, used", [(TO - 1, True), (TO, False), (IC, False), (IC + 55, False), (IC + 56, True)])
def test_no_sample_from_toe_off_to_completion_may_be_clipped(at, used):
    assert (slope_of(swing(SWAY, SWAY), clipped_at=at) != NO_SLOPE) == used


def in_force(slopes, judged) -> list[int]:
    return slopes_in_force(np.array(slopes), np.array(judged)).tolist()


def test_the_4th_judged_stride_sets_the_slope_and_it_stays():
    assert in_force([10, 40, 20, 31, 500, 500], [1] * 6) == [0, 0, 0, (20 + 31) // 2, 25, 25]
    assert in_force([10, 40, 20], [1] * 3) == [0, 0, 0]


def test_unjudged_strides_wait():
    assert in_force([10, NO_SLOPE, 40, 30, 20, 99], [1, 0, 1, 1, 1, 1]) == [0, 0, 0, 0, 25, 25]


def test_three_swings_are_needed():
    assert in_force([10, NO_SLOPE, 40, NO_SLOPE, 50], [1] * 5) == [0] * 5
    assert in_force([10, NO_SLOPE, 40, -20, 50], [1] * 5) == [0, 0, 0, 10, 10]


def test_the_term_is_slope_and_gain_of_the_flexion():
    rise, slope = np.array([30000, 30000, -30000]), np.array([100, -101, 100])
    assert crosstalk_term(rise, slope, 75).tolist() == [(30000 * 75) >> 10, (30000 * -76) >> 10, (-30000 * 75) >> 10]
    assert crosstalk_term(rise, slope, 0).tolist() == [0, 0, 0]


def test_flexion_rise_is_that_of_mid_stance_over_contact():
    """n = 50: 30 … 75 % are ic + 15 … ic + 38; the level at contact is the mean of ic - 4 … ic."""
    flexion = np.full(300, 5000, np.int32)
    flexion[IC + 15 : IC + 39] += 2400
    flexion[IC - 4] += 13
    assert flexion_rise(flexion, one()).tolist() == [2400 - (13 + 2) // 5]
    flexion[IC + 15 : IC + 39] += 1 << 25
    assert flexion_rise(flexion, one()).tolist() == [(1 << 19) - 3]


def crossed(params, gain: int) -> list[int]:
    """A runner whose shank's x axis sees a tenth of its sagittal rate: abduction is a tenth of the flexion."""
    one_ = runner(9, np.zeros(9))
    one_.shank_gyro[:, 0] = one_.shank_gyro[:, 1] // 10
    params = params | {"rotation_gain_pct": 0, "crosstalk_gain_pct": gain}
    result = run(one_, params, record())
    assert len(result.strides) == 9 and set(result.column("stride_samples")) == {STEP}
    assert [s[f.RAW_COLLAPSE] for s in result.strides] == [result.strides[0][f.RAW_COLLAPSE]] * 9
    return result.column("collapse_mdeg")


def test_crosstalk_goes_from_the_4th_stride_on(params):
    without, half, full = (crossed(params, gain) for gain in (0, 50, 100))
    assert 500 < without[0] < 1000 and without == [without[0]] * 9
    assert half[:3] == full[:3] == without[:3]
    assert np.abs(full[3:]).max() < 60
    assert np.abs(np.array(half[3:]) - without[0] / 2).max() < 60
