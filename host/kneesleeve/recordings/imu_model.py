"""From ideal motion to what the chips report: impact, low pass, mounting, bias, noise, counts; and the flex sensor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kneesleeve.recordings.motion import MOTION_RATE_HZ, OVERSAMPLING, SegmentMotion
from kneesleeve.recordings.recording import ACCEL_G_PER_LSB, GYRO_DPS_PER_LSB, RATE_HZ
from kneesleeve.recordings.rotations import Floats
from kneesleeve.recordings.spec import RunnerSpec

LOW_PASS_HZ = 75.0
_LOW_PASS_TAPS = 49
_IMPACT_TAU_S, _IMPACT_LENGTH_S = 0.006, 0.045
_FLEX_TAU_S = 0.010  # the shared recordings lag by about 10 ms (first order fits better than a pure delay)


def impact_g(t_s: Floats, ic_s: Floats, peaks_g: Floats, direction: Floats) -> Floats:
    """The jolt of each contact, float [N, 3]: peak after 6 ms, gone after about 30 ms, along `direction` [3]."""
    out = np.zeros_like(t_s)
    n = int(_IMPACT_LENGTH_S * MOTION_RATE_HZ)
    for start_s, peak_g in zip(ic_s, peaks_g, strict=True):
        first = int(np.searchsorted(t_s, start_s))
        u = (t_s[first : first + n] - start_s) / _IMPACT_TAU_S
        out[first : first + n] += peak_g * u * np.exp(1 - u)
    return out[:, None] * (direction / np.linalg.norm(direction))


def sense(
    motion: SegmentMotion, mounting: Floats, spec: RunnerSpec, rng: np.random.Generator
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Gyro and accelerometer counts, int16 [n, 3] at 208 Hz, of a sensor with v_segment = mounting @ v_sensor."""
    gyro = _sampled(motion.gyro_dps) @ mounting + rng.uniform(-1, 1, 3) * spec.gyro_bias_dps
    accel = _sampled(motion.accel_g) @ mounting + rng.uniform(-1, 1, 3) * spec.accel_bias_g
    bandwidth_rthz = np.sqrt(RATE_HZ / 2)
    gyro += spec.gyro_noise_mdps_rthz * 1e-3 * bandwidth_rthz * rng.standard_normal(gyro.shape)
    accel += spec.accel_noise_mg_rthz * 1e-3 * bandwidth_rthz * rng.standard_normal(accel.shape)
    return _counts(gyro / GYRO_DPS_PER_LSB), _counts(accel / ACCEL_G_PER_LSB)


def flex_counts_mv(flexion_deg: Floats, spec: RunnerSpec, rng: np.random.Generator) -> NDArray[np.int16]:
    """Flex divider, int16 [n] mV at 208 Hz, from flexion [4 n] degrees: slightly curved, lagging, noisy.

    Offset, slope (6.8-9.8 mV/deg), curvature, lag and noise as in the recordings of the shared data.
    """
    offset_mv, slope = rng.uniform(720, 900), rng.uniform(6.8, 9.0)
    kernel = np.exp(-np.arange(int(8 * _FLEX_TAU_S * MOTION_RATE_HZ)) / (_FLEX_TAU_S * MOTION_RATE_HZ))
    padded = np.concatenate((np.full(len(kernel) - 1, flexion_deg[0]), flexion_deg))
    lagged = np.convolve(padded, kernel / kernel.sum(), mode="valid")[::OVERSAMPLING]
    level_mv = offset_mv + slope * lagged + spec.flex_curvature_mv_per_deg2 * lagged**2
    return np.clip(_counts(level_mv + spec.flex_noise_mv * rng.standard_normal(len(lagged))), 0, 3300).astype(np.int16)


def _sampled(signal: Floats) -> Floats:
    """The chip's low pass (zero phase: its 3 ms delay is left out, so samples and truth share a time axis), 208 Hz."""
    at = np.arange(_LOW_PASS_TAPS) - _LOW_PASS_TAPS // 2
    kernel = np.sinc(2 * LOW_PASS_HZ / MOTION_RATE_HZ * at) * np.hamming(_LOW_PASS_TAPS)
    padded = np.pad(signal, ((_LOW_PASS_TAPS // 2,) * 2, (0, 0)), mode="edge")
    columns = [np.convolve(column, kernel / kernel.sum(), mode="valid") for column in padded.T]
    return np.stack(columns, axis=1)[::OVERSAMPLING]


def _counts(value: Floats) -> NDArray[np.int16]:
    return np.clip(np.round(value), -32768, 32767).astype(np.int16)
