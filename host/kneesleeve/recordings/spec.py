"""What a parametric runner is asked to do, and what is true about the result."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from kneesleeve.errors import UsageError


@dataclass(frozen=True)
class Style:
    """How somebody runs: factors on the mean curves, share of the cycle in stance, impact at the shank (g)."""

    hip_range: float
    knee_range: float
    stance_share: float
    impact_g: float


STYLES = {
    "easy": Style(hip_range=0.93, knee_range=0.95, stance_share=0.385, impact_g=4.5),
    "steady": Style(hip_range=1.0, knee_range=1.0, stance_share=0.36, impact_g=5.5),
    "fast": Style(hip_range=1.15, knee_range=1.08, stance_share=0.32, impact_g=7.0),
}

# Allowed range of every number of a RunnerSpec.
_RANGES = {
    "seed": (0, 2**63 - 1), "run_s": (0, 1800), "cadence_spm": (140, 220), "collapse_share": (0, 1),
    "collapse_every": (0, 10_000), "collapse_from_stride": (0, 1_000_000), "collapse_min_deg": (0, 15),
    "collapse_max_deg": (0, 15), "misalignment_deg": (0, 25), "gyro_bias_dps": (0, 10), "accel_bias_g": (0, 0.1),
    "gyro_noise_mdps_rthz": (0, 100), "accel_noise_mg_rthz": (0, 5), "flex_curvature_mv_per_deg2": (-0.02, 0.02),
    "flex_noise_mv": (0, 100), "variability": (0, 3), "knee_rotation_gain": (0, 1), "stand_s": (1, 60),
    "squats": (0, 20), "squat_s": (1, 20), "squat_depth_deg": (10, 120), "settle_s": (0, 60), "transition_s": (1, 10),
}  # fmt: skip


@dataclass(frozen=True)
class RunnerSpec:
    """A runner to synthesise. Everything that is random is drawn from `seed`; equal specs give equal recordings.

    Collapse: each stride from `collapse_from_stride` on gets an added bump of `collapse_min_deg`..`collapse_max_deg`
    with probability `collapse_share`, or exactly every `collapse_every`-th stride where that is not 0.
    `misalignment_deg`, `gyro_bias_dps`, `accel_bias_g`: largest value per axis, drawn uniformly.
    `*_rthz`: noise densities per square root of Hz, by default those of the LSM6DSO's data sheet, rounded up.
    `variability`: 1 is the stride-to-stride spread of the recorded runners, 0 makes all strides equal.
    `knee_rotation_gain`: share of the optical axial rotation that the sensors follow (see running.py).
    Raises `UsageError` for a value outside its range.
    """

    seed: int = 0
    side: str = "R"
    run_s: float = 120.0
    cadence_spm: float = 170.0
    style: str = "steady"
    collapse_share: float = 0.1
    collapse_every: int = 0
    collapse_from_stride: int = 40
    collapse_min_deg: float = 4.0
    collapse_max_deg: float = 8.0
    misalignment_deg: float = 15.0
    gyro_bias_dps: float = 1.0
    accel_bias_g: float = 0.02
    gyro_noise_mdps_rthz: float = 5.0
    accel_noise_mg_rthz: float = 0.1
    flex_curvature_mv_per_deg2: float = 0.008
    flex_noise_mv: float = 4.0
    variability: float = 1.0
    knee_rotation_gain: float = 0.4
    stand_s: float = 6.0
    squats: int = 5
    squat_s: float = 4.0
    squat_depth_deg: float = 75.0
    settle_s: float = 3.0
    transition_s: float = 1.5

    def __post_init__(self) -> None:
        if self.side not in ("L", "R"):
            raise UsageError(f"runner: side is {self.side!r}", hint="Use 'L' or 'R'.")
        if self.style not in STYLES:
            raise UsageError(f"runner: no style {self.style!r}", hint=f"Use one of: {', '.join(STYLES)}.")
        for field in fields(self):
            if field.name in _RANGES:
                _check_range(field.name, getattr(self, field.name))
        if self.collapse_min_deg > self.collapse_max_deg:
            raise UsageError("runner: collapse_min_deg is above collapse_max_deg", hint="Swap the two.")

    @property
    def donning_s(self) -> float:
        """Seconds from the start to the end of standing after the squats."""
        return self.stand_s + self.squats * self.squat_s + self.settle_s

    @property
    def run_start_s(self) -> float:
        """The first initial contact."""
        return self.donning_s + self.transition_s


# Runners by name, for `sleeve virtual --runner NAME`: the values that differ from RunnerSpec's defaults.
NAMED_RUNNERS: dict[str, dict[str, float | str]] = {
    "steady": {},
    "easy": {"style": "easy", "cadence_spm": 164.0},
    "fast": {"style": "fast", "cadence_spm": 184.0},
    "stable": {"collapse_share": 0.0},
    "collapsing": {"collapse_share": 0.3, "collapse_min_deg": 5.0},
    "crooked": {"misalignment_deg": 25.0, "gyro_bias_dps": 3.0},
}


def named_runner(name: str, *, seed: int = 0, side: str = "R", run_s: float = 120.0) -> RunnerSpec:
    """The spec of a runner from NAMED_RUNNERS. Raises `UsageError` for an unknown name."""
    if name not in NAMED_RUNNERS:
        raise UsageError(f"no runner named {name!r}", hint=f"Use one of: {', '.join(NAMED_RUNNERS)}.")
    return RunnerSpec(seed=seed, side=side, run_s=run_s, **NAMED_RUNNERS[name])  # type: ignore[arg-type]


@dataclass(frozen=True)
class Truth:
    """What is true about a synthetic recording of N samples and S complete stances; for scoring only.

    `ic_s`, `to_s` float [S]: initial contact and toe-off. `collapse_deg` float [S]: abduction, mean over 30-75 % of
    stance minus at contact. `excursion_deg` float [S]: largest in stance minus at contact. `event` bool [S]: stride
    with added collapse. `flexion_deg`, `abduction_deg` float32 [N]. `mounting_*` [3, 3]: v_segment = M v_sensor.
    """

    run_start_s: float
    stand_flex_deg: float
    ic_s: NDArray[np.float64]
    to_s: NDArray[np.float64]
    collapse_deg: NDArray[np.float64]
    excursion_deg: NDArray[np.float64]
    event: NDArray[np.bool_]
    flexion_deg: NDArray[np.float32]
    abduction_deg: NDArray[np.float32]
    mounting_thigh: NDArray[np.float64]
    mounting_shank: NDArray[np.float64]


def _check_range(name: str, value: float) -> None:
    low, high = _RANGES[name]
    if not low <= value <= high:
        raise UsageError(f"runner: {name} is {value:g}", hint=f"Use a value from {low:g} to {high:g}.")
