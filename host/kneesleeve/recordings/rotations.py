"""Rotations of body segments over time, composed as Ry(pitch) Rx(roll) Rz(yaw); x forward, y left, z up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def about_y_x_z(pitch_deg: Floats, roll_deg: Floats, yaw_deg: Floats) -> Floats:
    """Rotation matrices float [N, 3, 3] of Ry(pitch) Rx(roll) Rz(yaw): columns are the turned x, y, z axes."""
    (sp, cp), (sr, cr), (sy, cy) = (_sin_cos(a) for a in (pitch_deg, roll_deg, yaw_deg))
    rows = [
        [cp * cy + sp * sr * sy, -cp * sy + sp * sr * cy, sp * cr],
        [cr * sy, cr * cy, -sr],
        [-sp * cy + cp * sr * sy, sp * sy + cp * sr * cy, cp * cr],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def body_rate_y_x_z(pitch_deg: Floats, roll_deg: Floats, yaw_deg: Floats, rate_hz: float) -> Floats:
    """Angular velocity float [N, 3], deg/s in the turned axes, of Ry(pitch) Rx(roll) Rz(yaw) sampled at `rate_hz`.

    From the derivatives of the three angles (central differences), not of the matrices: exact for the composition.
    """
    dp, dr, dy = (np.gradient(a) * rate_hz for a in (pitch_deg, roll_deg, yaw_deg))
    (sr, cr), (sy, cy) = _sin_cos(roll_deg), _sin_cos(yaw_deg)
    # pitch turns about y, which Rx takes to (0, cos, -sin); then Rz^T turns both into the final axes
    return np.stack((dp * cr * sy + dr * cy, dp * cr * cy - dr * sy, dy - dp * sr), axis=1)


def into_frame(rotation: Floats, vectors: Floats) -> Floats:
    """R^T v for each sample: world (or parent) vectors [N, 3] seen from the turned frame."""
    return np.einsum("nij,ni->nj", rotation, vectors)


def out_of_frame(rotation: Floats, vector: Floats) -> Floats:
    """R v for each sample: one vector [3], fixed in the turned frame, seen from the world (or parent)."""
    return rotation @ vector


def mounting(angles_deg: Floats) -> Floats:
    """The rotation [3, 3] M with v_segment = M v_sensor of a sensor turned by angles [3] about x, y, z."""
    roll, pitch, yaw = (np.array([a]) for a in angles_deg)
    return about_y_x_z(pitch, roll, yaw)[0]


def _sin_cos(angle_deg: Floats) -> tuple[Floats, Floats]:
    angle = np.radians(angle_deg)
    return np.sin(angle), np.cos(angle)
