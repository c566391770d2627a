"""A sleeve that is shaken in the hand, bent or knocked gives no strides; a runner does, soon after a first contact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from core_runs import drain, params_for, runner

from kneecore.stride import IC
from kneesleeve import reference
from kneesleeve.recordings.recording import Recording
from kneesleeve.recordings.runner import synthesise
from kneesleeve.recordings.spec import RunnerSpec

GYRO, ACCEL = 0.070, 0.000488  # dps and g a LSB
AFTER_S = 60.0


def donned() -> Recording:
    """A donning and nothing after it, in frames that are not turned: sensor axes are segment axes."""
    return runner(seed=1, side="L", run_s=2.0, misalignment_deg=0.0, gyro_bias_dps=0.0)


def shaken(shank: np.ndarray, thigh: np.ndarray, axial_g: np.ndarray) -> Recording:
    """Pitch rates of both segments (dps) and the shank's axial acceleration (g), [N], after the donning."""
    r = donned()
    start = round(29.5 * 208)
    n = len(shank)

    def gyro(before: np.ndarray, rate: np.ndarray) -> np.ndarray:
        added = np.zeros((n, 3))
        added[:, 1] = rate / GYRO
        added[:, 0] = 0.3 * rate / GYRO
        return np.vstack([before[:start], np.clip(added, -32768, 32767).astype(np.int16)])

    def accel(before: np.ndarray, axial: np.ndarray) -> np.ndarray:
        added = np.zeros((n, 3))
        added[:, 2] = axial / ACCEL
        return np.vstack([before[:start], np.clip(added, -32768, 32767).astype(np.int16)])

    assert r.flex_mv is not None
    flex = np.concatenate([r.flex_mv[:start], np.full(n, r.flex_mv[start])])
    return replace(
        r, shank_gyro=gyro(r.shank_gyro, shank), thigh_gyro=gyro(r.thigh_gyro, thigh),
        shank_accel=accel(r.shank_accel, axial_g), thigh_accel=accel(r.thigh_accel, axial_g), flex_mv=flex,
    )  # fmt: skip


def strides_of(recording: Recording) -> int:
    result = reference.run(drain(recording), params_for(recording))
    assert result.calibration and result.calibration[0] == 0
    return len(result.strides)


@pytest.mark.parametrize("behind", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("dps", [600, 1500])
@pytest.mark.parametrize("hz", [2.2, 3.0, 4.0, 5.0, 8.0])
def test_shaking_in_sines(hz, dps, behind):
    """The sleeve is swung and bent at any phase, with a knock anywhere in the cycle. (Before: up to 239 a minute.)"""
    angle = 2 * np.pi * hz * np.arange(20 * 208) / 208
    for phase in (0.0, 1.6, 3.1, 4.7):
        knocks = 1 + 8 * np.maximum(0, np.sin(angle + phase)) ** 8
        assert strides_of(shaken(dps * np.sin(angle), 0.8 * dps * np.sin(angle + behind), knocks)) == 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("hz", [2.0, 3.0, 4.0, 6.0])
def test_shaking_at_random(hz, seed):
    """Band-limited noise of 500 dps RMS and 3 g RMS: none. (1260 dps and 7 g: at most 8 a minute, detector.md §9.)"""
    rng = np.random.default_rng([int(10 * hz), seed])
    n = round(AFTER_S * 208)
    spectrum = np.fft.rfftfreq(n, 1 / 208)
    band = np.exp(-(((spectrum - hz) / (0.3 * hz)) ** 2))
    noise = np.fft.irfft(band * np.fft.rfft(rng.normal(size=(3, n)), axis=1), n, axis=1)
    noise /= noise.std(axis=1, keepdims=True)
    assert strides_of(shaken(500 * noise[0], 400 * noise[1], 1 + 3 * noise[2])) == 0


def smoothed(values: np.ndarray, sigma: float) -> np.ndarray:
    weights = np.exp(-0.5 * (np.arange(-12, 13) / sigma) ** 2)
    return np.convolve(np.pad(values, 12, mode="wrap"), weights / weights.sum(), "valid")


def jumps(period_s: float, contact: float, give_deg: float, flight_deg: float, landing_g: float) -> Recording:
    """20 s of jumping on the spot: the knee gives in contact and bends in flight, where the foot goes back."""
    phase = np.arange(round(20.0 * 208)) / 208 / period_s % 1
    down = phase < contact
    x = np.where(down, phase / contact, (phase - contact) / (1 - contact))
    bend = np.sin(np.pi * x) ** 1.5
    flexion = smoothed(10 + np.where(down, give_deg, flight_deg) * bend, 2)
    pitch = smoothed(np.where(down, 0.45 * give_deg, 0.7 * flight_deg) * bend, 2)
    impact = landing_g * np.exp(-x * contact * period_s / 0.02)
    axial = smoothed(np.where(down, impact + np.sin(np.pi * x) / contact, 0), 0.7)
    shank = np.gradient(pitch) * 208
    return shaken(shank, shank - np.gradient(flexion) * 208, axial)


@pytest.mark.parametrize("flight_deg", [0, 15, 30, 45])
@pytest.mark.parametrize("contact", [0.3, 0.4, 0.5])
@pytest.mark.parametrize("period_s", [0.5, 0.65, 0.9, 1.2])
def test_plain_jumping(period_s, contact, flight_deg):
    for give_deg in (25, 50):
        for landing_g in (1.5, 4):
            assert strides_of(jumps(period_s, contact, give_deg, flight_deg, landing_g)) == 0, (give_deg, landing_g)


def test_jumping_with_the_heels_drawn_up_looks_like_running():
    """What the text says the detector cannot tell apart; it also shows that jumps here could be strides."""
    assert strides_of(jumps(0.65, 0.4, 25, 75, 4)) > 10


@pytest.mark.parametrize("style", ["easy", "steady", "fast"])
def test_a_runner_is_seen_within_2_5_seconds_of_the_first_contact(style):
    r, truth = synthesise(RunnerSpec(seed=3, side="R", style=style, run_s=10.0, misalignment_deg=20.0))
    first = reference.run(drain(r), params_for(r)).strides[0]
    assert first[IC] / 208 - truth.ic_s[0] < 2.5
