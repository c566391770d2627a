"""The whole reference against docs/detector.md §4 and §5 word for word, on rough runs with everything that happens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore import stride as f
from kneecore.params import defaults
from kneesleeve.recordings.drain import Drained
from kneesleeve.reference import Calibration, align, detection

from .literal_strides import detected
from .synthetic import counts_of, drained, record, with_loss

ROWS = (8100, 1000, -700, -1000, 8000, 500, 700, -500, 8100)
MAP = {"mv0": 800, "a": 500, "b_q8": 256 * 297, "c_q16": 65536, "has_flex": 1}


def rough_runner(seed: int, strides: int, noise: float, clips: int, stand: int) -> Drained:
    """A runner at a changing pace with noise on every channel, some clipped samples, and pauses of `stand` samples."""
    rng = np.random.default_rng(seed)
    parts, accels = [np.zeros((40, 6))], [np.zeros((40, 3))]
    for i in range(strides):
        n, stance, up = int(rng.integers(118, 170)), int(rng.integers(34, 70)), rng.uniform(0.85, 1.15)
        gyro, accel = np.zeros((n, 6)), np.zeros((n, 3))
        rest = n - stance - 32
        gyro[:stance, 1] = np.where(np.arange(stance) < stance // 2, 1000, -1000)
        gyro[stance : stance + rest // 2, 1] = 4000 * up * 35 / (rest // 2)
        gyro[-30:, 1] = -4700 * up
        gyro[:, 0] = 700 * np.sin(np.arange(n) * rng.uniform(0.02, 0.2)) + rng.uniform(-0.2, 0.2) * gyro[:, 1]
        gyro[:, 2] = rng.uniform(-1500, 1500) * np.sin(np.arange(n) * 2 * np.pi / n)
        gyro[:, 3:] = 0.3 * gyro[:, (2, 1, 0)] * (1, -1, 1)
        accel[:stance, 2] = 2000
        accel[1:14, 2] += rng.uniform(900, 4000)
        if stand and i == strides // 2:
            gyro, accel = np.concatenate((gyro, np.zeros((stand, 6)))), np.concatenate((accel, np.zeros((stand, 3))))
        parts.append(gyro)
        accels.append(accel)
    gyro, accel = np.concatenate(parts), np.concatenate(accels) + [0, 0, 2049]
    at_rest = np.convolve(np.abs(gyro).sum(axis=1), np.ones(9), "same") == 0
    gyro += rng.normal(size=gyro.shape) * np.where(at_rest, min(noise, 20), noise)[:, None] + rng.integers(-60, 61, 6)
    gyro[rng.integers(0, len(gyro), clips), rng.integers(0, 6, clips)] = 32767 * rng.choice((-1, 1), clips)
    counts = counts_of(len(gyro))
    n = int(counts.sum())
    gyro = np.clip(gyro[:n], -32768, 32767)
    mv = np.where(rng.random(len(counts)) < 0.05, 40, rng.integers(900, 1100, len(counts)))
    return drained(counts, counts, gyro[:, :3], gyro[:, 3:], accel[:n], flex_mv=mv)


def shown(strides, fields) -> list[dict[str, int]]:
    return [{f.FIELD_NAMES[i]: s[i] for i in fields} for s in strides]


def check(aligned, calibration, params) -> tuple[int, int]:
    """Equal in every field; strides and refreshes found."""
    got = detection(aligned, params, calibration, 0)
    expected, refreshed = detected(aligned, calibration, params)
    assert shown(got.strides, expected[0] if expected else ()) == shown(expected, expected[0] if expected else ())
    assert len(got.strides) == len(expected) and list(got.refreshes) == refreshed
    return len(expected), len(refreshed)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from([0, 30, 400]), st.sampled_from([0, 0, 3, 12]), st.sampled_from([1, -1]),
    st.booleans(), st.sampled_from([0, 0, 800, 1600]),
)  # fmt: skip
def test_equals_the_text(seed, noise, clips, side, flex, stand):
    rng = np.random.default_rng(seed)
    gains = {name: int(rng.integers(0, 101)) for name in ("rotation_gain_pct", "crosstalk_gain_pct")}
    some = defaults() | gains | {"flex_window": int(rng.integers(8, 65))}
    calibration = record(side, ROWS, (110, 2200, 30000, 4400, -5500), **(MAP if flex else {}))
    run_ = rough_runner(seed, 14, noise, clips, stand)
    check(align(run_), Calibration.of(calibration), some)


@pytest.mark.parametrize("batch, samples", [(200, 1), (300, 500), (210, 100000)])
def test_equals_the_text_where_samples_are_lost(params, batch, samples):
    run_ = rough_runner(batch, 20, 30, 6, 900)
    strides, refreshes = check(with_loss(run_, batch, samples), Calibration.of(record(1, ROWS, **MAP)), params)
    assert strides >= 8 and refreshes


def test_a_rough_run_has_strides_that_are_left_out_and_a_slope(params):
    """So that the equalities above are about something."""
    calibration = Calibration.of(record(1, ROWS))
    strides = detection(align(rough_runner(3, 20, 30, 0, 1500)), params, calibration, 0).strides
    assert 10 <= len(strides) < 19
    without = detection(align(rough_runner(3, 20, 30, 0, 1500)), params | {"crosstalk_gain_pct": 0}, calibration, 0)
    differs = [s[f.COLLAPSE] != t[f.COLLAPSE] for s, t in zip(strides, without.strides, strict=True)]
    assert not any(differs[:3]) and all(differs[3:])
