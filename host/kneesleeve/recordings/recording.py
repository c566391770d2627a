"""A recording of one leg: what the two IMUs and the flex sensor gave, and nothing that only a laboratory knows.

The file format is the `.npz` of docs/recordings.md. Truth (contacts, collapse, angles from a reference) lives under
other keys of the same file; `load_recording` never reads them, `load_truth` reads nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kneesleeve.recordings.checks import Fields
from kneesleeve.recordings.npz import Arrays, read_arrays

RATE_HZ = 208
GYRO_DPS_PER_LSB = 0.070
ACCEL_G_PER_LSB = 0.000488
DONNING_S = 29.0  # stand 6 s, five squats of 4 s, stand 3 s
SATURATED_SHARE = 0.001
IMU_ARRAYS = ("thigh_gyro", "thigh_accel", "shank_gyro", "shank_accel")

# Keys of the format that are not truth; everything an engine may see.
_OPTIONAL_ARRAYS = ("flex_mv", "flexion_deg", "mounting_thigh", "mounting_shank")
_SCALARS = ("rate_hz", "side", "gyro_dps_per_lsb", "accel_g_per_lsb")
_INPUT_KEYS = frozenset((*IMU_ARRAYS, *_OPTIONAL_ARRAYS, *_SCALARS))
_TRUTH_KEYS = frozenset(("run_start_s", "stand_flex_deg"))
_TRUTH_PREFIXES = ("truth_", "reference_", "grf_")


@dataclass(frozen=True)
class Recording:
    """Thigh and shank IMU (and flex sensor) of one leg, both at 208 Hz on one clock.

    `*_gyro` int16 [N, 3], 0.070 deg/s per LSB; `*_accel` int16 [N, 3], 0.000488 g per LSB; sensor axes.
    `flex_mv` int16 [N] millivolts of the flex divider, or None.
    `mounting_*` float64 [3, 3], rows = the segment's x (forward), y (left), z (up) in sensor axes, or None.
    `flexion_deg` float64 [N], optical knee flexion standing in for a flex sensor, or None.
    `warnings` are sentences about what is usable but not as it should be.
    """

    rate_hz: int
    side: str
    thigh_gyro: NDArray[np.int16]
    thigh_accel: NDArray[np.int16]
    shank_gyro: NDArray[np.int16]
    shank_accel: NDArray[np.int16]
    flex_mv: NDArray[np.int16] | None = None
    mounting_thigh: NDArray[np.float64] | None = None
    mounting_shank: NDArray[np.float64] | None = None
    flexion_deg: NDArray[np.float64] | None = None
    name: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def n_samples(self) -> int:
        """Samples per channel, N."""
        return len(self.shank_gyro)

    @property
    def duration_s(self) -> float:
        """Length of the recording in seconds."""
        return self.n_samples / self.rate_hz


def load_recording(path: str | Path) -> Recording:
    """Read and check a recording; truth keys and `run_start_s` are not even opened.

    Raises `RecordingError` (exit code 4) that names the file, the array, what was found and what was expected.
    """
    path = Path(path)
    fields = Fields(str(path), read_arrays(path, wanted=_INPUT_KEYS.__contains__))
    fields.expect_number("rate_hz", RATE_HZ, unit="Hz")
    fields.expect_number("gyro_dps_per_lsb", GYRO_DPS_PER_LSB, unit="deg/s per LSB")
    fields.expect_number("accel_g_per_lsb", ACCEL_G_PER_LSB, unit="g per LSB")
    side = fields.side()
    thigh_gyro, thigh_accel, shank_gyro, shank_accel = (fields.int16(key, (None, 3)) for key in IMU_ARRAYS)
    flex_mv = fields.int16("flex_mv", (None,), low=0) if "flex_mv" in fields else None
    flexion_deg = fields.floats("flexion_deg", (None,)) if "flexion_deg" in fields else None
    fields.expect_same_length((*IMU_ARRAYS, "flex_mv", "flexion_deg"))
    mounting_thigh, mounting_shank = fields.mountings()
    recording = Recording(
        RATE_HZ, side, thigh_gyro, thigh_accel, shank_gyro, shank_accel, flex_mv,
        mounting_thigh, mounting_shank, flexion_deg, name=path.stem,
    )  # fmt: skip
    return _with_warnings(recording)


def load_truth(path: str | Path) -> dict[str, Any]:
    """Read what only a laboratory knows: for tests, the bench and reports, never an input of an engine.

    Returns the `truth_*`, `reference_*` and `grf_*` arrays, `run_start_s` and `stand_flex_deg`, as far as the file
    has them; single numbers as float. Raises `RecordingError` for a file that cannot be read.
    """
    arrays: Arrays = read_arrays(Path(path), wanted=_is_truth)
    return {key: float(value) if value.ndim == 0 else value for key, value in arrays.items()}


def _is_truth(key: str) -> bool:
    return key in _TRUTH_KEYS or key.startswith(_TRUTH_PREFIXES)


def _with_warnings(recording: Recording) -> Recording:
    return replace(recording, warnings=tuple(_warnings(recording)))


def _warnings(recording: Recording) -> list[str]:
    found = []
    if recording.flex_mv is None:
        found.append("no flex_mv: flexion comes from the gyros alone, the flex sensor counts as dead")
    for key in IMU_ARRAYS:
        samples: NDArray[np.int16] = getattr(recording, key)
        share = float(np.mean(np.abs(samples.astype(np.int32)).max(axis=1) >= 32767))
        if share > SATURATED_SHARE:
            found.append(f"{key}: {100 * share:.1f} % of the samples are at the sensor's limit (clipped)")
    if recording.mounting_thigh is None and recording.duration_s < DONNING_S:
        found.append(
            f"{recording.duration_s:.1f} s long and without mounting matrices: "
            f"the donning routine alone takes {DONNING_S:.0f} s, calibration will be refused"
        )
    return found
