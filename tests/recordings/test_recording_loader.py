"""Every way in which a recording can be wrong: the error names file, array and the next step."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kneesleeve.errors import SessionError
from kneesleeve.recordings import RecordingError, load_recording, load_truth

N = 50


def good() -> dict[str, Any]:
    """Arrays of a small valid recording."""
    rng = np.random.default_rng(1)
    imu = {
        f"{s}_{k}": rng.integers(-900, 900, (N, 3)).astype(np.int16)
        for s in ("thigh", "shank")
        for k in ("gyro", "accel")
    }
    return imu | {
        "rate_hz": np.float64(208), "side": np.str_("L"), "gyro_dps_per_lsb": 0.07, "accel_g_per_lsb": 0.000488,
        "flex_mv": np.full(N, 900, np.int16), "mounting_thigh": np.eye(3), "mounting_shank": np.eye(3),
        "truth_ic_s": np.arange(3.0), "run_start_s": 29.0,
    }  # fmt: skip


def write(path: Path, **changes: Any) -> Path:
    """A recording with some arrays replaced, or left out where the change is None."""
    arrays = {key: value for key, value in (good() | changes).items() if value is not None}
    np.savez(path, **arrays)
    return path


def failing(path: Path, *words: str) -> RecordingError:
    """Load, expect a RecordingError that names the file and all `words`, and has a hint."""
    with pytest.raises(RecordingError) as caught:
        load_recording(path)
    error = caught.value
    assert error.exit_code == 4 and isinstance(error, SessionError)
    for word in (str(path), *words):
        assert word in error.message
    assert len(error.hint) > 15
    return error


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.npz"


def with_value(value: float, at: tuple[int, int] = (7, 1)) -> np.ndarray:
    array = good()["shank_gyro"].astype(np.float64)
    array[at] = value
    return array


BAD_ARRAYS: list[tuple[str, Any, str]] = [
    ("thigh_gyro", None, "no such array"),
    ("side", None, "no such array"),
    ("rate_hz", None, "no such array"),
    ("gyro_dps_per_lsb", None, "no such array"),
    ("shank_gyro", np.zeros((N, 2), np.int16), "[50, 2]"),
    ("shank_gyro", np.zeros(N, np.int16), "int16 [N, 3]"),
    ("shank_gyro", np.zeros((0, 3), np.int16), "empty"),
    ("shank_gyro", with_value(np.nan), "nan at [7, 1]"),
    ("shank_gyro", with_value(np.inf), "inf at [7, 1]"),
    ("shank_gyro", with_value(1.5), "whole numbers"),
    ("shank_gyro", with_value(40000), "40000.0 at [7, 1]"),
    ("shank_gyro", np.full((N, 3), 40000), "32767"),
    ("shank_gyro", np.zeros((N, 3), complex), "complex128"),
    ("shank_gyro", np.full((N, 3), "x"), "<U1"),
    ("shank_gyro", np.zeros((N - 1, 3), np.int16), "49 samples"),
    ("flex_mv", np.zeros(N - 1, np.int16), "49 samples"),
    ("flex_mv", np.full(N, -1, np.int16), "values in 0..32767"),
    ("flex_mv", np.zeros((N, 1), np.int16), "[50, 1]"),
    ("flexion_deg", np.full(N, np.nan), "finite"),
    ("rate_hz", 100.0, "208 Hz"),
    ("rate_hz", np.nan, "208 Hz"),
    ("rate_hz", np.zeros(2), "one number"),
    ("rate_hz", "fast", "one number"),
    ("side", "X", "'L' or 'R'"),
    ("side", 3, "'L' or 'R'"),
    ("gyro_dps_per_lsb", 0.061, "0.07 deg/s per LSB"),
    ("accel_g_per_lsb", 0.001, "0.000488 g per LSB"),
    ("mounting_thigh", np.eye(4), "[4, 4]"),
    ("mounting_thigh", 1.1 * np.eye(3), "a rotation"),
    ("mounting_shank", np.diag([1.0, 1.0, -1.0]), "determinant"),
    ("mounting_shank", None, "no such array"),
]


@pytest.mark.parametrize(("key", "value", "word"), BAD_ARRAYS, ids=[f"{k}-{w}" for k, _, w in BAD_ARRAYS])
def test_bad_array_is_named(path: Path, key: str, value: Any, word: str) -> None:
    error = failing(write(path, **{key: value}), f"'{key}'", word)
    assert "expected" in error.message


def test_pickled_objects_are_never_loaded(path: Path) -> None:
    failing(write(path, shank_gyro=np.array([{}, []], dtype=object)), "'shank_gyro'")


def test_missing_file_folder_and_empty_file(tmp_path: Path, path: Path) -> None:
    failing(path, "no such file")
    failing(tmp_path, "is a folder")
    path.write_bytes(b"")
    failing(path, "not a readable .npz")


def test_other_files(path: Path) -> None:
    path.write_text("a,b\n1,2\n")
    failing(path, "not a readable .npz")
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    failing(path, "single array")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("shank_gyro", b"raw bytes")
        archive.writestr("rate_hz.npy", b"\x93NUMPY\x01\x00garbage")
    failing(path)


def test_any_truncation_is_caught(path: Path, tmp_path: Path) -> None:
    whole = write(path).read_bytes()
    cut = tmp_path / "cut.npz"
    for length in range(0, len(whole), 211):
        cut.write_bytes(whole[:length])
        failing(cut)


def test_any_flipped_byte_loads_or_is_named(path: Path, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **good())
    rng = np.random.default_rng(2)
    for at in rng.integers(0, len(buffer.getvalue()), 150):
        damaged = bytearray(buffer.getvalue())
        damaged[at] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            load_recording(path)
        except RecordingError as error:
            assert str(path) in error.message


def test_good_file(path: Path) -> None:
    recording = load_recording(write(path))
    assert (recording.rate_hz, recording.side, recording.name, recording.n_samples) == (208, "L", "run", N)
    assert recording.shank_gyro.dtype == np.int16
    np.testing.assert_array_equal(recording.shank_gyro, good()["shank_gyro"])
    assert recording.warnings == ()


def test_whole_floats_are_accepted(path: Path) -> None:
    recording = load_recording(write(path, shank_gyro=good()["shank_gyro"].astype(np.float32)))
    np.testing.assert_array_equal(recording.shank_gyro, good()["shank_gyro"])


def test_truth_is_never_opened(path: Path) -> None:
    unreadable = np.array([{}], dtype=object)  # would raise if it were touched
    recording = load_recording(write(path, truth_ic_s=unreadable, run_start_s=unreadable, reference_x=unreadable))
    assert not any("truth" in name or "run_start" in name for name in vars(recording))


def test_load_truth_reads_truth_only(path: Path) -> None:
    truth = load_truth(write(path, shank_gyro=np.array([{}], dtype=object)))
    assert set(truth) == {"truth_ic_s", "run_start_s"}
    assert truth["run_start_s"] == 29.0


def test_warnings(path: Path) -> None:
    clipped = np.zeros((N, 3), np.int16)
    clipped[3, 2] = -32768
    recording = load_recording(write(path, flex_mv=None, shank_accel=clipped, mounting_thigh=None, mounting_shank=None))
    assert [w.split()[0] for w in recording.warnings] == ["no", "shank_accel:", "0.2"]
