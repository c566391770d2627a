"""A left leg in motion: joint angles over time, and what follows for segments and sensor positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.recordings.rotations import Floats, about_y_x_z, body_rate_y_x_z, into_frame, out_of_frame

OVERSAMPLING = 4
MOTION_RATE_HZ = 208.0 * OVERSAMPLING  # derivatives are taken here, the sensors keep every fourth sample
GRAVITY_M_S2 = 9.80665

THIGH_M, SHANK_M = 0.41, 0.41
HIP_LEFT_OF_PELVIS_M = 0.09
THIGH_SENSOR_M = np.array([0.06, 0.03, -0.29])  # from the hip: front of the thigh, a hand above the knee
SHANK_SENSOR_M = np.array([0.05, 0.02, -0.12])  # from the knee: front of the shank, a hand below it


@dataclass(frozen=True)
class Pose:
    """Angles float [N] in degrees at MOTION_RATE_HZ, left leg; flexion, abduction, external rotation positive.

    Pelvis: `pitch` forward, `roll` left side up, `yaw` to the left, all positive; `pelvis_m` float [N, 3] its centre.
    """

    pelvis_pitch_deg: Floats
    pelvis_roll_deg: Floats
    pelvis_yaw_deg: Floats
    hip_deg: Floats  # [3, N]: flexion, abduction, external rotation
    knee_deg: Floats  # [3, N]
    pelvis_m: Floats

    def blended(self, other: Pose, weight: Floats) -> Pose:
        """This pose where `weight` [N] is 0, `other` where it is 1."""

        def mix(a: Floats, b: Floats, w: Floats = weight) -> Floats:
            return a + w * (b - a)

        return Pose(
            mix(self.pelvis_pitch_deg, other.pelvis_pitch_deg), mix(self.pelvis_roll_deg, other.pelvis_roll_deg),
            mix(self.pelvis_yaw_deg, other.pelvis_yaw_deg), mix(self.hip_deg, other.hip_deg),
            mix(self.knee_deg, other.knee_deg), mix(self.pelvis_m, other.pelvis_m, weight[:, None]),
        )  # fmt: skip


@dataclass(frozen=True)
class SegmentMotion:
    """What ideal sensors would feel, segment axes: `gyro_dps` and `accel_g` (specific force) float [N, 3]."""

    gyro_dps: Floats
    accel_g: Floats


def leg_rotations(pose: Pose) -> tuple[Floats, Floats, Floats]:
    """Orientation of pelvis, thigh and shank in the world, float [N, 3, 3] each."""
    pelvis = about_y_x_z(pose.pelvis_pitch_deg, pose.pelvis_roll_deg, pose.pelvis_yaw_deg)
    flexion, abduction, rotation = pose.hip_deg
    thigh = pelvis @ about_y_x_z(-flexion, abduction, rotation)  # hip flexion swings the thigh forward: minus y
    return pelvis, thigh, thigh @ about_y_x_z(pose.knee_deg[0], pose.knee_deg[1], pose.knee_deg[2])


def planted_pelvis(pose: Pose) -> Floats:
    """Where the pelvis must be, float [N, 3], for the ankle to rest at the origin."""
    pelvis, thigh, shank = leg_rotations(pose)
    ankle = out_of_frame(pelvis, np.array([0.0, HIP_LEFT_OF_PELVIS_M, 0.0]))
    ankle = (
        ankle + out_of_frame(thigh, np.array([0.0, 0.0, -THIGH_M])) + out_of_frame(shank, np.array([0, 0, -SHANK_M]))
    )
    return -ankle


def segment_motion(pose: Pose) -> tuple[SegmentMotion, SegmentMotion]:
    """Ideal thigh and shank sensors of a pose over time.

    Angular velocity from the angle derivatives down the chain; acceleration from the sensor's position,
    differentiated twice, plus gravity.
    """
    pelvis, thigh, shank = leg_rotations(pose)
    flexion, abduction, rotation = pose.hip_deg
    bend, inward, twist = pose.knee_deg
    rate = body_rate_y_x_z(pose.pelvis_pitch_deg, pose.pelvis_roll_deg, pose.pelvis_yaw_deg, MOTION_RATE_HZ)
    hip, knee = about_y_x_z(-flexion, abduction, rotation), about_y_x_z(bend, inward, twist)
    thigh_rate = into_frame(hip, rate) + body_rate_y_x_z(-flexion, abduction, rotation, MOTION_RATE_HZ)
    shank_rate = into_frame(knee, thigh_rate) + body_rate_y_x_z(bend, inward, twist, MOTION_RATE_HZ)
    hip_m = pose.pelvis_m + out_of_frame(pelvis, np.array([0.0, HIP_LEFT_OF_PELVIS_M, 0.0]))
    knee_m = hip_m + out_of_frame(thigh, np.array([0.0, 0.0, -THIGH_M]))
    thigh_accel = _specific_force_g(hip_m + out_of_frame(thigh, THIGH_SENSOR_M), thigh)
    shank_accel = _specific_force_g(knee_m + out_of_frame(shank, SHANK_SENSOR_M), shank)
    return SegmentMotion(thigh_rate, thigh_accel), SegmentMotion(shank_rate, shank_accel)


def _specific_force_g(position_m: Floats, orientation: Floats) -> Floats:
    accel = np.zeros_like(position_m)
    accel[1:-1] = (position_m[2:] - 2 * position_m[1:-1] + position_m[:-2]) * MOTION_RATE_HZ**2
    accel[:, 2] += GRAVITY_M_S2
    return into_frame(orientation, accel) / GRAVITY_M_S2
