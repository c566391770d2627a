"""Running: the mean joint-angle curves, made one runner's own, stride by stride.

The optical axial rotation of the knee is its least certain angle (skin motion; offsets of 10-45 deg in the source).
The sensors follow `knee_rotation_gain` of it, about the rotation at which the shank rolls over the foot. The frontal
formula of docs/detector.md neglects axial rotation: it is exact (0.01 deg) at gain 0, off by 0.3-0.5 deg in a stance
at the default 0.4, by about 1 deg at 1.0 (the whole optical range). The default is a choice, not a measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kneesleeve.recordings.gait_curves import NOMINAL_STANCE_SHARE, mean_angles_deg
from kneesleeve.recordings.motion import GRAVITY_M_S2, MOTION_RATE_HZ, Pose
from kneesleeve.recordings.rotations import Floats
from kneesleeve.recordings.spec import STYLES, RunnerSpec

# Spread of the six angles between runners and between strides (standard deviations).
_RUNNER_RANGE, _RUNNER_OFFSET_DEG = 0.06, np.array([3.0, 1.5, 2.0, 1.5, 1.0, 0.6])
_STRIDE_RANGE, _STRIDE_OFFSET_DEG = 0.02, np.array([0.8, 0.4, 0.6, 0.8, 0.3, 0.6])
_STRIDE_TIME, _STRIDE_STANCE, _STRIDE_BUMP_DEG = 0.014, 0.008, 0.45
_LIFT_OFF_CYCLES, _SETTLED_S = 0.62, 0.25  # the pose becomes running from this before the first contact to this after


@dataclass(frozen=True)
class Strides:
    """Per-stride draws; row 0 is the half stride before the first contact, row k + 1 stride k. S + 1 rows."""

    ranges: Floats  # [S + 1, 6] factor on the curve's range
    offsets_deg: Floats  # [S + 1, 6]
    stance_share: Floats  # [S + 1]
    bump_deg: Floats  # [S + 1] peak of abduction added in stance, natural spread and collapse
    event: NDArray[np.bool_]  # [S + 1] collapse was added


@dataclass(frozen=True)
class Run:
    """A runner in motion: `pose` for all times, `ic_s` float [S'], `to_s` float [S'], `event` bool [S'], `weight` [N]
    how much of the motion is running (0 standing, 1 running)."""

    pose: Pose
    ic_s: Floats
    to_s: Floats
    event: NDArray[np.bool_]
    weight: Floats


def running_pose(spec: RunnerSpec, t_s: Floats, rng: np.random.Generator) -> Run:
    """The running of a spec at all times `t_s` (before the run: the phase runs backward, the weight is 0)."""
    phase = _phase(spec, t_s, rng)
    strides = draw_strides(spec, int(np.ceil(phase[-1])) + 1, rng)
    frac, at = _blend_position(phase)
    own = _Interpolated(strides, at)
    share = own(strides.stance_share)
    # the curve's toe-off at 36 % of the cycle moves to this stride's own share, smoothly
    warp = (NOMINAL_STANCE_SHARE - share) * (np.sin(np.pi * frac) / np.sin(np.pi * share)) ** 2
    angles = _own_angles(spec, phase + warp, own, strides)
    bump = own(strides.bump_deg) * np.sin(np.pi * np.minimum(frac / share, 1)) ** 2
    angles[4] += bump
    angles[1] -= bump / 2  # the foot is planted: the knee moves inward, thigh and shank share the angle
    ic_s, to_s, event = _contacts(spec, t_s, phase, strides)
    return Run(_with_pelvis(spec, phase, angles), ic_s, to_s, event, _weight(spec, t_s))


def draw_strides(spec: RunnerSpec, n: int, rng: np.random.Generator) -> Strides:
    """Per-stride variation of a run of `n` strides, and which of them collapse."""
    style, v = STYLES[spec.style], spec.variability
    own_range = rng.normal(1, _RUNNER_RANGE, 6) * np.array([style.hip_range] * 3 + [style.knee_range] * 3)
    own_offset = rng.normal(0, 1, 6) * _RUNNER_OFFSET_DEG
    ranges = own_range * (1 + v * _STRIDE_RANGE * rng.standard_normal((n + 1, 6)))
    offsets = own_offset + v * _STRIDE_OFFSET_DEG * rng.standard_normal((n + 1, 6))
    share = style.stance_share + v * _STRIDE_STANCE * np.clip(rng.standard_normal(n + 1), -2.5, 2.5)
    bump = v * _STRIDE_BUMP_DEG * rng.standard_normal(n + 1)
    event = _events(spec, n, rng)
    bump = np.where(event, bump + rng.uniform(spec.collapse_min_deg, spec.collapse_max_deg, n + 1), bump)
    return Strides(ranges, offsets, share, bump, event)


def _events(spec: RunnerSpec, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    index = np.arange(-1, n)
    chance = rng.uniform(size=n + 1) < spec.collapse_share
    if spec.collapse_every:
        chance = (index - spec.collapse_from_stride) % spec.collapse_every == 0
    return chance & (index >= max(0, spec.collapse_from_stride))


def _phase(spec: RunnerSpec, t_s: Floats, rng: np.random.Generator) -> Floats:
    """Gait cycles since the first contact; the frequency wanders about the cadence without steps."""
    stride_hz = spec.cadence_spm / 120
    knots_s = np.arange(0, t_s[-1] + 2 / stride_hz, 1 / stride_hz)
    wander = 1 + spec.variability * _STRIDE_TIME * np.clip(rng.standard_normal(len(knots_s)), -3, 3)
    rate = stride_hz * np.interp(t_s, knots_s, wander)
    phase = np.concatenate(([0.0], np.cumsum((rate[1:] + rate[:-1]) / 2))) / MOTION_RATE_HZ
    return phase - np.interp(spec.run_start_s, t_s, phase)


def _blend_position(phase: Floats) -> tuple[Floats, Floats]:
    """Share of the current cycle, and the row of Strides to read: whole in stance, sliding to the next in swing."""
    index = np.floor(phase)
    frac = phase - index
    slide = np.clip((frac - 0.5) / 0.45, 0, 1)
    return frac, np.maximum(index + 1, 0) + slide**3 * (10 + slide * (6 * slide - 15))


class _Interpolated:
    """Reads per-stride values at the (fractional) rows of `_blend_position`."""

    def __init__(self, strides: Strides, at: Floats) -> None:
        last = len(strides.stance_share) - 1
        self.row = np.minimum(np.floor(at).astype(np.int64), last)
        self.next = np.minimum(self.row + 1, last)
        self.part = np.clip(at - self.row, 0, 1)

    def __call__(self, values: Floats) -> Floats:
        """Values [S + 1] at all samples: float [N]."""
        return values[self.row] + self.part * (values[self.next] - values[self.row])


def _own_angles(spec: RunnerSpec, warped: Floats, own: _Interpolated, strides: Strides) -> Floats:
    curves = mean_angles_deg(warped)
    cycle = mean_angles_deg(np.arange(100) / 100)
    centre = cycle.mean(axis=1)
    centre[5] = _neutral_rotation_deg(cycle)
    level = centre.copy()
    level[4] -= cycle[4, :36].mean()  # the source's offsets of abduction and rotation are marker placement
    level[5] = 0.0
    for c in range(6):
        gain = spec.knee_rotation_gain if c == 5 else 1.0
        moved = (curves[c] - centre[c]) * own(strides.ranges[:, c]) + own(strides.offsets_deg[:, c])
        curves[c] = level[c] + gain * moved
    return curves


def _neutral_rotation_deg(cycle: Floats) -> float:
    """The knee rotation at which the shank rolls over its foot: mean to mid-stance, weighted by its sagittal rate."""
    rolled = np.diff(cycle[3] - cycle[0])[:20]
    return float((cycle[5, :20] * rolled).sum() / rolled.sum())


def _with_pelvis(spec: RunnerSpec, phase: Floats, angles: Floats) -> Pose:
    """Pelvis of a runner: 1 g deep bounce twice a cycle, brake and push, sway to the stance leg, drop, turn."""
    once, twice = 2 * np.pi * phase, 4 * np.pi * phase
    step_rad_s = 4 * np.pi * spec.cadence_spm / 120
    bounce_m = 0.95 * GRAVITY_M_S2 / step_rad_s**2  # so that flight is close to free fall
    forward_m = 0.12 / step_rad_s * np.sin(twice - 4 * np.pi * 0.42)
    left_m = 0.012 * np.cos(once - 2 * np.pi * 0.17)
    up_m = 0.80 - bounce_m * np.cos(twice - 4 * np.pi * 0.17)
    pitch = 7 + 1.5 * np.cos(twice - 4 * np.pi * 0.30)
    roll = 4 * np.cos(once - 2 * np.pi * 0.15)
    yaw = -5 * np.cos(once)
    return Pose(pitch, roll, yaw, angles[:3], angles[3:], np.stack((forward_m, left_m - 0.09, up_m), axis=1))


def _contacts(
    spec: RunnerSpec, t_s: Floats, phase: Floats, strides: Strides
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Initial contacts, toe-offs and events of all stances that lie wholly inside the recording."""
    index = np.arange(len(strides.event) - 1)
    toe_off = index + strides.stance_share[1:]
    index = index[toe_off <= phase[-1]]
    ic_s, to_s = np.interp(index, phase, t_s), np.interp(toe_off[index], phase, t_s)
    return ic_s, to_s, strides.event[1:][index]


def _weight(spec: RunnerSpec, t_s: Floats) -> Floats:
    lift_off_s = _LIFT_OFF_CYCLES * 120 / spec.cadence_spm
    u = np.clip((t_s - spec.run_start_s + lift_off_s) / (lift_off_s + _SETTLED_S), 0, 1)
    return u**3 * (10 + u * (6 * u - 15))
