"""docs/detector.md §4.1 (axial rate) and §5.1: the rotation term by hand, its history, and the text word for word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore import stride as f
from kneecore.params import defaults
from kneesleeve.reference import run
from kneesleeve.reference.gate import Strides
from kneesleeve.reference.integers import mdeg
from kneesleeve.reference.kernel import angles
from kneesleeve.reference.motion import Motion
from kneesleeve.reference.relative import stride_mean
from kneesleeve.reference.rows import Span, rows_of
from kneesleeve.reference.stance import Stances, stances
from kneesleeve.reference.types import Calibration

from .literal import Kernel
from .literal_strides import Slope, measured
from .synthetic import FIRST_IC, STEP, record, runner

IC, STANCE = 400, 40  # lo = ic + 12, hi = ic + 30
ROWS = (8100, 1000, -700, -1000, 8000, 500, 700, -500, 8100)


def strides(*ic_to_p: tuple[int, int, int]) -> Strides:
    ic, to, p = np.array(ic_to_p).T
    return Strides(ic, to, to + 5, np.full(len(ic), 2000), ic - p, ic - p + 30)


def motion_of(fr, axial, abduction=None, shank=None, flexion=None) -> Motion:
    zero = np.zeros(len(fr))
    columns = (fr, *(zero if c is None else c for c in (flexion, abduction)), axial, zero if shank is None else shank)
    return Motion(*(np.asarray(c).astype(np.int32) for c in columns))


def turned_at_contact(gamma_u: int, fr_lsb: int) -> Stances:
    """A constant flexion rate, no abduction, and a shank that stands turned by gamma from contact on."""
    n = IC + STANCE + 100
    axial = np.zeros(n)
    axial[IC:] = gamma_u
    return stances(motion_of(np.full(n, fr_lsb), axial), strides((IC, IC + STANCE, 146)), 100)


def test_known_rotation_and_flexion_rate():
    """γ is 10 deg (29696 U) before contact relative to it; in the mean over to-146 … to-1 it is 106/146 of that.

    e - g is 29696·106 // 146 = 21560 → 336 (64 U) from contact on, and -8136 → -128 before; fr 400 dps (5714 LSB).
    """
    g = (-29696 * 106) // 146
    after, before = (5714 * (-g >> 6)) >> 10, (5714 * ((-29696 - g) >> 6)) >> 10
    total, y = 0, []
    for i in range(-4, STANCE + 1):
        total += after if i >= 0 else before
        y.append(((total >> 4) * 394) >> 6)
    level, middle = (2 - sum(y[:5])) // 5, (9 - sum(y[16:35])) // 19
    one = turned_at_contact(29696, 5714)
    assert mdeg(one.rise_u).tolist() == [((middle - level) * 35 + 52) // 104]
    assert one.raw_collapse.tolist() == one.excursion.tolist() == [0]


def test_the_sign_follows_rotation_and_flexion():
    assert turned_at_contact(29696, 5714).rise_u[0] < -10000 and turned_at_contact(-29696, -5714).rise_u[0] < -10000
    assert turned_at_contact(-29696, 5714).rise_u[0] > 10000 and turned_at_contact(29696, -5714).rise_u[0] > 10000


@pytest.mark.parametrize("p", [94, 140, 250])
def test_the_mean_is_that_of_one_stride_up_to_toe_off(p):
    """0 at contact, 3 over the stride but 2 in its first sample and 7 in its last, something else around it."""
    to, axial = IC + 40, np.full(600, 77777, np.int32)
    axial[to - p : to], axial[to - p], axial[to - 1] = 3, 2, 7
    axial[IC] = 0
    total = 3 * p - 1 + 4 - 3
    one = strides((IC, to, p))
    assert stride_mean(axial, one).tolist() == [total // p]
    assert stride_mean(-axial, one).tolist() == [-total // p]


def test_mean_limits_and_unwraps_the_angle():
    axial = np.full(600, (1 << 29) + 5, np.int64)
    axial[IC - 60 : IC] = 1 << 22
    one = strides((IC, IC + 40, 240))
    assert stride_mean(axial.astype(np.int32), one).tolist() == [(60 << 21) // 240]


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from([5, 300, 3000, 60000]), st.sampled_from([5, 300, 3000, 60000]),
    st.integers(0, 100),
)  # fmt: skip
def test_follows_the_text(seed, axial_lsb, abduction_lsb, gain_pct):
    """Every number of §5 but the crosstalk term, with angles that wrap and reach their limits."""
    rng = np.random.default_rng(seed)
    n, count = 900, 12
    ic = np.sort(rng.integers(255, n - 90, count))
    contact, p = rng.integers(25, 80, count), rng.integers(160, 251, count)
    fr = rng.integers(-110000, 110001, n) >> rng.integers(0, 8)
    a, z, b, theta = (
        np.cumsum(rng.integers(-lsb, lsb + 1) + rng.integers(-lsb, lsb + 1, n))
        for lsb in (abduction_lsb, axial_lsb, abduction_lsb, 2000)
    )
    some = strides(*zip(ic, ic + contact, p, strict=True))
    got = stances(motion_of(fr, z, a, b, theta), some, gain_pct)
    kernel = Kernel(theta=theta.tolist(), fr=fr.tolist(), a=a.tolist(), z=z.tolist(), b=b.tolist())
    kernel.clipped = [False] * n
    params = defaults() | {"rotation_gain_pct": gain_pct, "crosstalk_gain_pct": 0}
    columns = {
        f.COLLAPSE: mdeg(got.rise_u), f.RAW_COLLAPSE: got.raw_collapse, f.EXCURSION: got.excursion,
        f.FLEXION_AT_IC: got.flexion_at_ic, f.FLEXION_PEAK: got.flexion_peak, f.ABDUCTION_AT_IC: got.abduction_at_ic,
        f.ABDUCTION_PEAK: got.abduction_peak, f.PEAK_SAMPLES: got.peak_samples, f.SHANK_RANGE: got.shank_range,
        f.THIGH_RANGE: got.thigh_range,
    }  # fmt: skip
    for i in range(count):
        one = (int(ic[i]), int(ic[i] + contact[i]), int(ic[i] + contact[i] + 5), 0, int(ic[i] - p[i]), int(ic[i] - 50))
        expected = measured(kernel, one, params, Slope())
        assert {c: int(v[i]) for c, v in columns.items()} == {c: expected[c] for c in columns}


@pytest.mark.parametrize("side", [1, -1])
def test_the_angles_of_every_sample_follow_the_text(side):
    rng = np.random.default_rng(3)
    shank, thigh = (rng.integers(-32768, 32768, (50, 3)).astype(np.int16) for _ in range(2))
    calibration = Calibration.of((0, 0, side, *ROWS, *ROWS[::-1], 11, 22, 3300, 44, -5500, 0, 0, 0, 0, 0, 5))
    kernel = Kernel()
    for s, t, off in zip(shank, thigh, rng.integers(-(1 << 17), 1 << 19, 50).tolist(), strict=True):
        kernel.step(calibration, off, s, (0, 0, 0), t)
    theta, spans = np.array(kernel.theta, np.int32), [Span(0, 50, rows_of(calibration))]
    got = angles(spans, shank, thigh, theta)
    assert [(v & 0x1FFFFFFF).tolist() for v in got] == [kernel.a, kernel.z, kernel.b]


def turning_runner(side: int = 1):
    """A runner whose shank swings about its long axis once a stride, a few degrees."""
    one = runner(12, np.linspace(-3, 3, 12), side)
    one.shank_gyro[:, 2] = side * np.round(1500 * np.sin(np.arange(len(one.shank_gyro)) * 2 * np.pi / STEP))
    return one


def collapses(params, gain_pct: int, side: int = 1) -> tuple[list[int], list[int]]:
    only = {"rotation_gain_pct": gain_pct, "crosstalk_gain_pct": 0}
    result = run(turning_runner(side), params | only, record(side))
    assert len(result.strides) == 12
    return result.column("collapse_mdeg"), result.column("raw_collapse_mdeg")


def test_without_gain_nothing_is_taken(params):
    collapse, raw = collapses(params, 0)
    assert collapse == raw


def test_the_gain_moves_the_collapse_alone(params):
    (collapse, raw), (half, raw_half) = collapses(params, 100), collapses(params, 50)
    assert raw == raw_half == collapses(params, 0)[1]
    moved, moved_half = np.subtract(collapse, raw), np.subtract(half, raw)
    assert np.abs(moved).min() > 200 and np.abs(moved - 2 * moved_half).max() <= 3


def test_the_other_leg_is_a_mirror_image(params):
    assert np.abs(np.subtract(collapses(params, 100, 1), collapses(params, 100, -1))).max() <= 1


def test_an_unjudged_stride_has_neither(params):
    clipped = turning_runner()
    clipped.thigh_gyro[STEP * 2 + FIRST_IC + 30, 2] = 32700
    stride = run(clipped, params, record()).strides[2]
    assert stride[f.COLLAPSE] == stride[f.RAW_COLLAPSE] == stride[f.EXCURSION] == f.NULL
