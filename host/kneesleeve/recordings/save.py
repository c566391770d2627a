"""Writing a recording, with or without its truth, in the `.npz` format that `load_recording` reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kneesleeve.recordings.recording import ACCEL_G_PER_LSB, GYRO_DPS_PER_LSB, IMU_ARRAYS, Recording
from kneesleeve.recordings.spec import Truth

_OPTIONAL = ("flex_mv", "flexion_deg", "mounting_thigh", "mounting_shank")
_TRUTH = ("ic_s", "to_s", "collapse_deg", "excursion_deg", "event", "flexion_deg", "abduction_deg")


def save(recording: Recording, truth: Truth | None, path: str | Path) -> None:
    """Write `path` exactly as named (no suffix is added). Raises OSError where the file cannot be written."""
    arrays = {key: getattr(recording, key) for key in IMU_ARRAYS}
    arrays |= {key: getattr(recording, key) for key in _OPTIONAL if getattr(recording, key) is not None}
    arrays |= {
        "t_s": np.arange(recording.n_samples) / recording.rate_hz,
        "rate_hz": np.float64(recording.rate_hz),
        "side": np.str_(recording.side),
        "gyro_dps_per_lsb": np.float64(GYRO_DPS_PER_LSB),
        "accel_g_per_lsb": np.float64(ACCEL_G_PER_LSB),
    }
    if truth is not None:
        arrays |= {f"truth_{key}": getattr(truth, key) for key in _TRUTH}
        arrays |= {f"truth_{key}": getattr(truth, key) for key in ("mounting_thigh", "mounting_shank")}
        arrays |= {"run_start_s": np.float64(truth.run_start_s), "stand_flex_deg": np.float64(truth.stand_flex_deg)}
    with Path(path).open("wb") as file:
        np.savez_compressed(file, **arrays)
