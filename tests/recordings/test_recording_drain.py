"""The drain schedule is the definition of design section 7, sample by sample."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesleeve.recordings import Drained, Recording, batch_bounds, batches, drain

LENGTHS = st.integers(0, 5000)


def recording_of(n: int, *, flex: bool = True) -> Recording:
    k = np.arange(n, dtype=np.int16)
    xyz = np.stack((k, k, k), axis=1)
    return Recording(208, "L", xyz, xyz, xyz, xyz, flex_mv=k if flex else None)


@given(LENGTHS)
def test_bounds_are_a_partition(n: int) -> None:
    bounds = batch_bounds(n)
    assert bounds[0] == 0 and bounds[-1] == n
    assert (np.diff(bounds) > 0).all()
    assert np.diff(bounds).max(initial=0) <= 5
    assert (np.diff(bounds)[:-1] >= 4).all()


@given(st.integers(1, 2**40))
def test_sample_is_in_the_batch_that_the_definition_says(k: int) -> None:
    j = 25 * k // 104 + 1
    assert Fraction(j - 1) * 20 <= Fraction(1000 * k, 208) < Fraction(j) * 20


@given(LENGTHS)
def test_bounds_equal_the_definition_in_fractions(n: int) -> None:
    expected = [floor(Fraction(k, 208) / Fraction(20, 1000)) for k in range(n)]
    got = np.repeat(np.arange(len(batch_bounds(n)) - 1), np.diff(batch_bounds(n)))
    assert got.tolist() == expected


def test_long_recordings_stay_exact() -> None:
    n = 208 * 3600 * 4
    bounds = batch_bounds(n)
    assert len(bounds) - 1 == 50 * 3600 * 4
    np.testing.assert_array_equal(bounds[::25], 104 * np.arange(len(bounds[::25])))


def test_negative_length_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 samples"):
        batch_bounds(-1)


@given(st.integers(0, 600))
def test_no_sample_is_lost_or_moved(n: int) -> None:
    recording = recording_of(n)
    seen = list(batches(recording))
    assert [b.index for b in seen] == list(range(1, len(seen) + 1))
    assert [b.ticks_us for b in seen] == [20_000 * b.index for b in seen]
    for name in ("thigh_gyro", "thigh_accel", "shank_gyro", "shank_accel"):
        parts = [getattr(b, name) for b in seen] or [np.zeros((0, 3))]
        np.testing.assert_array_equal(np.concatenate(parts), getattr(recording, name))
    assert [b.flex_mv for b in seen] == [int(b.shank_gyro[-1, 0]) for b in seen]


def test_no_flex_is_minus_one() -> None:
    assert set(drain(recording_of(100, flex=False)).flex_mv.tolist()) == {-1}


def test_counts_may_differ_per_chip() -> None:
    xyz = np.arange(27, dtype=np.int16).reshape(9, 3)
    run = Drained(
        np.array([5, 4]), np.array([0, 4]), np.array([900, -1]), np.array([20_000, 41_000]), xyz, xyz, xyz[:4], xyz[:4]
    )
    first, second = run.batches()
    assert (len(first.thigh_gyro), len(first.shank_gyro), len(second.shank_gyro), len(run)) == (5, 0, 4, 2)
    assert run.thigh_bounds.tolist() == [0, 5, 9] and run.shank_bounds.tolist() == [0, 0, 4]


def test_counts_that_do_not_fit_are_refused() -> None:
    xyz = np.zeros((9, 3), np.int16)
    one = np.array([9])
    with pytest.raises(ValueError, match="shank: batches hold 8"):
        Drained(one, one - 1, one, one, xyz, xyz, xyz, xyz)
    with pytest.raises(ValueError, match="differ in length"):
        Drained(one, one, one[:0], one, xyz, xyz, xyz, xyz)
