"""docs/detector.md §4.3: the search finds exactly what the machine of the text finds; the run counter at its limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneesleeve.reference.events import find_steps
from kneesleeve.reference.rows import rows_of
from kneesleeve.reference.types import Calibration

from .literal import machine
from .synthetic import record

ROWS = rows_of(Calibration.of(record()))
ARM, ZC, IC = -2143, 80, 84


def smooth(rng, n, width, scale):
    noise = rng.normal(size=n + width)
    return np.convolve(noise, np.ones(width) / np.sqrt(width), "valid")[:n] * scale


def found(sy, fr, az, arm=ARM) -> list[tuple[int, ...]]:
    accel = np.zeros((len(sy), 3), np.int16)
    accel[:, 2] = az
    steps = find_steps(ROWS, np.asarray(sy, np.int32), np.asarray(fr, np.int32), accel, arm)
    return list(zip(*(c.tolist() for c in (steps.ic, steps.to, steps.complete, steps.jerk)), strict=True))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(20, 3000), st.integers(1, 90), st.integers(1, 60))
def test_search_equals_the_machine(seed, n, width, flexing):
    rng = np.random.default_rng(seed)
    sy = smooth(rng, n, width, 4000).astype(np.int32)
    fr = smooth(rng, n, flexing, 3000).astype(np.int32)
    az = rng.integers(-3, 3, n)  # many equal jerks
    assert found(sy, fr, az) == machine(sy.tolist(), fr.tolist(), az.tolist(), ARM)


def one_stance(burst=40, begin=None, again=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A swing of `burst` samples up to 5 before zc = 80, contact at 84, the knee flexes again at 130, so `to` = 125.

    begin: first sample of the burst; again: (first, length) of fast samples in stance.
    """
    sy, fr, az = np.full(220, 500), np.full(220, 100), np.full(220, 2049)
    sy[75:ZC] = -100
    sy[75 - burst if begin is None else begin : 75] = ARM - 1
    az[IC + 1] = 5000
    fr[110:130], fr[130:] = -10, 1429
    if again:
        sy[again[0] : again[0] + again[1]] = ARM - 1
    return sy, fr, az


def test_a_stance_by_hand():
    assert found(*one_stance()) == [(IC, 125, 130, 2951)]


@pytest.mark.parametrize("burst, stances", [(24, 0), (25, 1)])
def test_25_fast_samples_arm(burst, stances):
    assert len(found(*one_stance(burst))) == stances


def test_fast_means_below_arm():
    sy, fr, az = one_stance(25)
    sy[60] = ARM
    assert found(sy, fr, az) == []


@pytest.mark.parametrize("shift, stances", [(34, 1), (35, 0)])
def test_the_run_is_counted_from_the_16th_sample_on(shift, stances):
    """A long burst that ends before sample 75 - shift: 25 samples are left of it from sample 16 on, or 24."""
    sy, fr, az = (v[shift:] for v in one_stance(begin=0))
    assert len(found(sy, fr, az)) == stances


@pytest.mark.parametrize("length, stances", [(19, 1), (20, 0)])
def test_20_fast_samples_end_a_stance(length, stances):
    assert len(found(*one_stance(again=(105, length)))) == stances


@pytest.mark.parametrize("first, stances", [(110, 1), (111, 1), (112, 1)])
def test_the_stance_counts_if_it_is_complete_before_the_20th(first, stances):
    """Complete at 130; fast samples from 110, 111, 112 on are the 20th at 129, 130, 131."""
    sy, fr, az = one_stance(again=(first, 30))
    expected = 0 if first + 19 <= 130 else stances
    assert len(found(sy, fr, az)) == expected


def test_the_burst_that_ends_a_stance_arms_the_next():
    """20 samples end the stance, the same burst goes on to 25: its own crossing has a stance."""
    sy, fr, az = one_stance(again=(100, 25))
    az[130] = 9000
    fr[130:], fr[155:160], fr[160:] = 100, -10, 1429
    assert found(sy, fr, az) == [(129, 155, 160, 9000 - 2049)]


def test_24_samples_end_a_stance_without_another():
    sy, fr, az = one_stance(again=(100, 24))
    fr[130:], fr[155:160], fr[160:] = 100, -10, 1429
    assert found(sy, fr, az) == []
