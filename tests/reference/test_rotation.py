"""docs/detector.md §4.1 (axial rate) and §5.1: the rotation term by hand, its history, and the text word for word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore import stride as f
from kneesleeve.reference import run
from kneesleeve.reference.events import Steps
from kneesleeve.reference.kernel import abduction_and_axial, rows_of
from kneesleeve.reference.rotation import axial_mean, history
from kneesleeve.reference.stance import Motion, stances
from kneesleeve.reference.trig import COS_Q14, SIN_Q14
from kneesleeve.reference.types import Calibration

from .synthetic import record, runner

IC, STANCE = 400, 40  # lo = ic + 12, hi = ic + 30
ROWS = (8100, 1000, -700, -1000, 8000, 500, 700, -500, 8100)


def steps(*ic_to: tuple[int, int]) -> Steps:
    ic, to = np.array(ic_to).T
    return Steps(ic, to, to + 5, np.full(len(ic), 2000))


def turned_at_contact(gamma_u: int, fr_lsb: int, before: np.ndarray | None = None) -> Motion:
    """A constant flexion rate, no abduction, and a shank that turns by gamma at contact."""
    n = IC + STANCE + 100
    axial = np.zeros(n) if before is None else before.copy()
    axial[IC:] = gamma_u
    fr, flexion, axial = (np.asarray(a).astype(np.int32) for a in (np.full(n, fr_lsb), np.zeros(n), axial))
    return Motion(fr, flexion, flexion, axial)


@pytest.mark.parametrize("gain_pct, factor", [(0, 0), (30, 118), (100, 394)])
def test_known_rotation_and_flexion_rate(gain_pct, factor):
    """10 deg (29696 U = 464·64) and 400 dps (5714 LSB): x = 5714·464 >> 10 = 2589 from contact on, 0 before."""
    y = [(((2589 * j) >> 4) * factor) >> 6 for j in range(1, STANCE + 2)]  # at ic, ic + 1, …
    level, middle = (2 - y[0]) // 5, (9 - sum(y[12:31])) // 19
    one = stances(turned_at_contact(29696, 5714), steps((IC, IC + STANCE)), np.array([145]), gain_pct)
    assert one.collapse.tolist() == [((middle - level) * 35 + 52) // 104]
    assert one.raw_collapse.tolist() == one.excursion.tolist() == [0]
    # mean of 13 … 31 samples is 22, less 0.2 for the level; 400/208 deg of flexion a sample, by the angle in radians
    expected = -21.8 * 400 / 208 * np.radians(10) * 1000 * gain_pct / 100
    assert one.collapse[0] == pytest.approx(expected, rel=0.005)


def test_the_sign_follows_rotation_and_flexion():
    def collapse(gamma, fr):
        return stances(turned_at_contact(gamma, fr), steps((IC, IC + STANCE)), np.array([145]), 100).collapse[0]

    assert collapse(29696, 5714) < -7000 and collapse(-29696, -5714) < -7000
    assert collapse(-29696, 5714) > 7000 and collapse(29696, -5714) > 7000


def test_history_is_the_stride_before_or_145_and_ends_at_k0():
    ic, stride = np.array([500, 500, 250, 249, 145, 144, 30]), np.array([146, 0, 250, 250, 0, 0, 146])
    assert history(ic, stride).tolist() == [146, 145, 250, 249, 145, 144, 30]


@pytest.mark.parametrize("stride, ic, p", [(140, IC, 140), (0, IC, 145), (250, IC, 250), (250, 200, 200), (0, 90, 90)])
def test_only_the_history_counts(stride, ic, p):
    """Z is 0 at contact, 3 in the history but 2 in its first sample, and something else before."""
    axial = np.full(600, 77777, np.int32)
    axial[ic:] = 0
    axial[ic - p : ic], axial[ic - p] = 3, 2
    one = np.array([ic])
    assert history(one, np.array([stride])).tolist() == [p]
    assert axial_mean(axial, one, np.array([p])).tolist() == [2]  # (3 p - 1) // p
    assert axial_mean(-axial, one, np.array([p])).tolist() == [-3]


def test_mean_limits_and_unwraps_the_axial_angle():
    axial = np.full(600, (1 << 29) + 5, np.int64)
    axial[IC - 100 : IC] = 1 << 22
    assert axial_mean(axial.astype(np.int32), np.array([IC]), np.array([200])).tolist() == [(1 << 21) // 2]


def sx(u: int) -> int:
    return ((u & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000


def clamp(v: int, low: int, high: int) -> int:
    return min(max(v, low), high)


def literal(fr, a, z, ic: int, to: int, stride: int, gain_pct: int) -> int:
    """§5 and §5.1 word for word: collapse of one stride, millidegrees; lists begin at k0 = 0."""
    p = stride or 145
    if ic - p < 0:
        p = ic
    d = {k: clamp(sx(a[k] - a[ic]), -(1 << 24), 1 << 24) for k in range(ic - 4, to + 1)}
    e = {k: clamp(sx(z[k] - z[ic]), -(1 << 21), 1 << 21) for k in range(min(ic - p, ic - 4), to + 1)}
    g = sum(e[k] for k in range(ic - p, ic)) // p
    y, total = {}, 0
    for i in range(ic - 4, to + 1):
        total += (fr[i] * (clamp(e[i] - g, -(1 << 17), 1 << 17) >> 6)) >> 10
        y[i] = ((total >> 4) * ((394 * gain_pct) // 100)) >> 6
    n = to - ic
    lo, hi = ic + (30 * n + 50) // 100, ic + (75 * n + 50) // 100
    q = hi - lo + 1
    level = (sum(d[k] - y[k] for k in range(ic - 4, ic + 1)) + 2) // 5
    u = (sum(d[k] - y[k] for k in range(lo, hi + 1)) + q // 2) // q - level
    return (clamp(u, -(1 << 24), 1 << 24) * 35 + 52) // 104


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from([5, 300, 3000, 60000]), st.sampled_from([5, 300, 3000, 60000]),
    st.integers(0, 100),
)  # fmt: skip
def test_follows_the_text(seed, axial_lsb, abduction_lsb, gain_pct):
    rng = np.random.default_rng(seed)
    n, count = 700, 12
    ic = np.sort(rng.integers(13, n - 90, count))
    to = ic + rng.integers(25, 80, count)
    stride = np.where(rng.random(count) < 0.3, 0, rng.integers(30, 251, count))
    fr = rng.integers(-110000, 110001, n) >> rng.integers(0, 8)
    drift = rng.integers(-axial_lsb, axial_lsb + 1)
    z = np.cumsum(drift + rng.integers(-axial_lsb, axial_lsb + 1, n))
    a = np.cumsum(rng.integers(-abduction_lsb, abduction_lsb + 1, n))
    motion = Motion(*(v.astype(np.int32) for v in (fr, np.zeros(n), a, z)))
    got = stances(motion, Steps(ic, to, to + 5, ic), stride, gain_pct)
    each = list(zip(ic.tolist(), to.tolist(), stride.tolist(), strict=True))
    lists = fr.tolist(), a.tolist(), z.tolist()
    assert got.collapse.tolist() == [literal(*lists, *one, gain_pct) for one in each]
    assert got.raw_collapse.tolist() == [literal(*lists, *one, 0) for one in each]


@pytest.mark.parametrize("side", [1, -1])
def test_axial_angle_follows_the_text(side):
    rng = np.random.default_rng(3)
    shank, thigh = (rng.integers(-32768, 32768, (50, 3)).astype(np.int16) for _ in range(2))
    calibration = Calibration.of((0, 0, side, *ROWS, *ROWS[::-1], 11, 22, 3300, 44, -5500, 0, 0, 0, 0, 0, 5))
    flexion = rng.integers(-(1 << 17), 1 << 19, 50).astype(np.int32)
    axial, expected = 0, []
    for s, t, theta in zip(shank.tolist(), thigh.tolist(), flexion.tolist(), strict=True):
        i = clamp((theta + 512) >> 10, -87, 435) + 87

        def rate(row, v, bias):
            return (side * sum(r * c for r, c in zip(row, v, strict=True)) - side * bias + 4096) >> 13

        sz, tx, tz = rate(ROWS[6:], s, 0), rate(ROWS[:5:-1], t, 3300), rate(ROWS[2::-1], t, -5500)
        axial += sz - ((int(SIN_Q14[i]) * tx + int(COS_Q14[i]) * tz + 8192) >> 14)
        expected.append(axial)
    assert abduction_and_axial(rows_of(calibration), shank, thigh, flexion)[1].tolist() == expected


def turning_runner(side: int = 1):
    """A runner whose shank swings about its long axis once a stride, a few degrees."""
    one = runner(12, np.linspace(-3, 3, 12), side)
    one.shank_gyro[:, 2] = side * np.round(1500 * np.sin(np.arange(len(one.shank_gyro)) * 2 * np.pi / 146))
    return one


def collapses(params, gain_pct: int, side: int = 1) -> tuple[list[int], list[int]]:
    result = run(turning_runner(side), params | {"rotation_gain_pct": gain_pct}, record(side))
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
    clipped.thigh_gyro[146 * 2 + 60 + 30, 2] = 32700
    stride = run(clipped, params, record()).strides[2]
    assert stride[f.COLLAPSE] == stride[f.RAW_COLLAPSE] == stride[f.EXCURSION] == f.NULL
