"""Putting the sleeve on: stand still, squat slowly, stand again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kneesleeve.recordings.motion import Pose, planted_pelvis
from kneesleeve.recordings.rotations import Floats
from kneesleeve.recordings.spec import RunnerSpec

STAND_FLEX_DEG = (3.0, 8.0)
_THIGH_SHARE = 0.62  # of the knee flexion of a squat is thigh lean, the rest shank lean (recorded: 0.60-0.64)
_LEAN_PER_FLEXION = 0.35  # the trunk leans forward
_MIN_DEPTH_DEG = 60.0


def donning_pose(spec: RunnerSpec, t_s: Floats, rng: np.random.Generator) -> tuple[Pose, float]:
    """The pose of a standing or squatting person at all times `t_s` [N], feet planted, and the standing flexion (deg).

    Nobody squats about one axis: abduction and rotation follow the depth by a few degrees, drawn per person.
    Nobody stands like a statue: the body sways by some tenths of a degree at 0.1-0.5 Hz.
    """
    stand_flex_deg = float(rng.uniform(*STAND_FLEX_DEG))
    depth = _squat_depth_deg(spec, t_s, rng)
    flexion = stand_flex_deg + depth
    pitch = _LEAN_PER_FLEXION * depth + _sway_deg(t_s, rng, 0.25)
    knee_abduction, knee_rotation, hip_abduction, hip_rotation = (
        rng.normal(0, [1.0, 2.0, 2.0, 3.0])[:, None] * depth / 80
    )
    hip_flexion = _LEAN_PER_FLEXION * depth + _THIGH_SHARE * flexion
    pose = Pose(
        pitch, _sway_deg(t_s, rng, 0.12), np.zeros_like(t_s), np.stack((hip_flexion, hip_abduction, hip_rotation)),
        np.stack((flexion, knee_abduction, knee_rotation)), np.zeros((len(t_s), 3)),
    )  # fmt: skip
    return replace(pose, pelvis_m=planted_pelvis(pose)), stand_flex_deg


def _squat_depth_deg(spec: RunnerSpec, t_s: Floats, rng: np.random.Generator) -> Floats:
    depth = np.zeros_like(t_s)
    least = min(_MIN_DEPTH_DEG, spec.squat_depth_deg)  # a spec that asks for shallow squats gets them
    for i in range(spec.squats):
        peak = max(least, float(rng.normal(spec.squat_depth_deg, 5.0)))
        u = np.clip((t_s - spec.stand_s) / spec.squat_s - i, 0, 1)
        depth += peak * np.sin(np.pi * u) ** 2
    return depth


def _sway_deg(t_s: Floats, rng: np.random.Generator, amplitude_deg: float) -> Floats:
    sway = np.zeros_like(t_s)
    for frequency_hz in rng.uniform(0.1, 0.5, 3):
        sway += np.sin(2 * np.pi * (frequency_hz * t_s + rng.uniform()))
    return amplitude_deg / 2 * sway
