"""The built-in parametric runner: a recording with known truth, from nothing but a seed.

Layout: stand still, slow squats, stand, a step into running, running for `run_s`; all at 208 Hz. Everything is
worked out on a left leg; a right leg is its mirror image. Angles are the mean of real ones (gait_curves.py), pelvis
motion, impacts and sensors are modelled: results on it are results on synthetic signals, and must be called so.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kneesleeve.recordings.donning import donning_pose
from kneesleeve.recordings.imu_model import flex_counts_mv, impact_g, sense
from kneesleeve.recordings.motion import MOTION_RATE_HZ, OVERSAMPLING, SegmentMotion, segment_motion
from kneesleeve.recordings.recording import RATE_HZ, Recording
from kneesleeve.recordings.rotations import Floats, mounting
from kneesleeve.recordings.running import Run, running_pose
from kneesleeve.recordings.spec import STYLES, RunnerSpec, Truth

_SHANK_JOLT, _THIGH_JOLT = np.array([-0.45, 0.12, 1.0]), np.array([-0.3, 0.1, 1.0])
_THIGH_SHARE, _THIGH_DELAY_S = 0.35, 0.004
# A right leg is a left leg in a mirror (y to -y): rotations about x and z change sign, so does acceleration along y.
_MIRROR_GYRO, _MIRROR_ACCEL = np.array([-1.0, 1.0, -1.0]), np.array([1.0, -1.0, 1.0])


def synthesise(spec: RunnerSpec) -> tuple[Recording, Truth]:
    """Make the recording a spec asks for, and what is true about it. Equal specs give equal results, bit for bit."""
    donning_rng, running_rng, impact_rng, sensor_rng = np.random.default_rng(spec.seed).spawn(4)
    n = round((spec.run_start_s + spec.run_s) * RATE_HZ)
    t_s = np.arange(n * OVERSAMPLING) / MOTION_RATE_HZ
    standing, stand_flex_deg = donning_pose(spec, t_s, donning_rng)
    run = running_pose(spec, t_s, running_rng)
    pose = standing.blended(run.pose, run.weight)
    thigh, shank = _with_impacts(spec, t_s, run, segment_motion(pose), impact_rng)
    if spec.side == "R":
        thigh, shank = _mirrored(thigh), _mirrored(shank)
    mounting_thigh, mounting_shank = (mounting(_misalignment_deg(spec, sensor_rng)) for _ in range(2))
    thigh_gyro, thigh_accel = sense(thigh, mounting_thigh, spec, sensor_rng)
    shank_gyro, shank_accel = sense(shank, mounting_shank, spec, sensor_rng)
    flex_mv = flex_counts_mv(pose.knee_deg[0], spec, sensor_rng)
    recording = Recording(
        RATE_HZ, spec.side, thigh_gyro, thigh_accel, shank_gyro, shank_accel, flex_mv,
        name=f"built-in {spec.style} runner, seed {spec.seed}",
    )  # fmt: skip
    flexion, abduction = pose.knee_deg[0], pose.knee_deg[1]
    collapse, excursion = stance_measures(t_s, abduction, run.ic_s, run.to_s)
    truth = Truth(
        spec.run_start_s, stand_flex_deg, run.ic_s, run.to_s, collapse, excursion, run.event,
        flexion[::OVERSAMPLING].astype(np.float32), abduction[::OVERSAMPLING].astype(np.float32),
        mounting_thigh, mounting_shank,
    )  # fmt: skip
    return recording, truth


def stance_measures(t_s: Floats, abduction_deg: Floats, ic_s: Floats, to_s: Floats) -> tuple[Floats, Floats]:
    """Collapse and excursion, float [S] degrees each, of stances ic..to on an abduction curve [N].

    Collapse is the mean over 30-75 % of stance minus the level at contact, excursion the largest minus that level.
    """
    if len(ic_s) == 0:
        return np.zeros(0), np.zeros(0)
    share = np.arange(101) / 100
    stance = np.interp(ic_s[:, None] + share * (to_s - ic_s)[:, None], t_s, abduction_deg)
    relative = stance - stance[:, :1]
    return relative[:, 30:76].mean(axis=1), relative.max(axis=1)


def _with_impacts(
    spec: RunnerSpec, t_s: Floats, run: Run, motion: tuple[SegmentMotion, SegmentMotion], rng: np.random.Generator
) -> tuple[SegmentMotion, SegmentMotion]:
    spread = np.clip(1 + 0.12 * spec.variability * rng.standard_normal(len(run.ic_s)), 0.6, 1.5)
    peaks_g = STYLES[spec.style].impact_g * spread * np.interp(run.ic_s, t_s, run.weight)
    shank_jolt = impact_g(t_s, run.ic_s, peaks_g, _SHANK_JOLT)
    thigh_jolt = impact_g(t_s, run.ic_s + _THIGH_DELAY_S, _THIGH_SHARE * peaks_g, _THIGH_JOLT)
    thigh, shank = motion
    return replace(thigh, accel_g=thigh.accel_g + thigh_jolt), replace(shank, accel_g=shank.accel_g + shank_jolt)


def _mirrored(motion: SegmentMotion) -> SegmentMotion:
    return SegmentMotion(motion.gyro_dps * _MIRROR_GYRO, motion.accel_g * _MIRROR_ACCEL)


def _misalignment_deg(spec: RunnerSpec, rng: np.random.Generator) -> Floats:
    return rng.uniform(-1, 1, 3) * spec.misalignment_deg
