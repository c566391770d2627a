"""Checks of a recording's arrays, one by one; each failure says file, array, found, expected and the next step."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from kneesleeve.recordings.errors import RecordingError
from kneesleeve.recordings.npz import Arrays

INT16_MIN, INT16_MAX = -32768, 32767
ROTATION_TOLERANCE = 1e-2
_LSB_HINT = "Convert to the format's scale (0.070 deg/s and 0.000488 g per LSB, 208 Hz) and set the key to it."
_INT16_HINT = "Store raw sensor counts as int16; floats are accepted only where every value is a whole number."


class Fields:
    """The arrays of one file, with the checks that every array has to pass."""

    def __init__(self, source: str, arrays: Arrays) -> None:
        self.source = source
        self.arrays = arrays

    def __contains__(self, key: str) -> bool:
        return key in self.arrays

    def fail(self, key: str, found: str, expected: str, hint: str) -> RecordingError:
        """The error for one array, ready to raise."""
        return RecordingError(f"{self.source}: array '{key}': found {found}, expected {expected}", hint=hint)

    def get(self, key: str, expected: str) -> NDArray:
        """The array as stored. Raises `RecordingError` where the file has none."""
        if key not in self.arrays:
            has = ", ".join(sorted(self.arrays)) or "none of the format's arrays"
            raise self.fail(key, "no such array", expected, f"Add '{key}' (docs/recordings.md). The file has: {has}.")
        return self.arrays[key]

    def expect_number(self, key: str, expected: float, *, unit: str) -> None:
        """Hold a scalar to its one allowed value (relative tolerance 1e-6)."""
        wanted = f"{expected:g} {unit}"
        value = self.get(key, wanted)
        if value.size != 1 or value.dtype.kind not in "iuf":
            raise self.fail(key, _describe(value), f"one number, {wanted}", _LSB_HINT)
        number = float(value.reshape(()))
        if not abs(number - expected) <= 1e-6 * expected:
            raise self.fail(key, f"{number:g}", wanted, _LSB_HINT)

    def side(self) -> str:
        """'L' or 'R'."""
        value = self.get("side", "'L' or 'R'")
        text = str(value.reshape(-1)[0]) if value.size == 1 and value.dtype.kind == "U" else ""
        if text not in ("L", "R"):
            found = repr(text) if text else _describe(value)
            raise self.fail("side", found, "'L' or 'R'", "Set side to the leg that wore the sleeve: 'L' or 'R'.")
        return text

    def int16(self, key: str, shape: tuple[int | None, ...], *, low: int = INT16_MIN) -> NDArray[np.int16]:
        """An array of sensor counts as int16; None in `shape` stands for any length above 0."""
        value = self._numeric(key, shape, "int16")
        if value.dtype.kind == "f":
            self._expect_finite(key, value)
            self._expect_none(key, value, value != np.round(value), "whole numbers")
        self._expect_none(key, value, (value < low) | (value > INT16_MAX), f"values in {low}..{INT16_MAX}")
        return np.ascontiguousarray(value, dtype=np.int16)

    def floats(self, key: str, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
        """An array of finite numbers as float64."""
        value = self._numeric(key, shape, "float")
        self._expect_finite(key, value)
        return np.ascontiguousarray(value, dtype=np.float64)

    def mountings(self) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
        """Both mounting rotations, or (None, None) where the file has neither. One without the other is an error."""
        if "mounting_thigh" not in self and "mounting_shank" not in self:
            return None, None
        return self._rotation("mounting_thigh"), self._rotation("mounting_shank")

    def expect_same_length(self, keys: Iterable[str]) -> None:
        """Hold all present arrays to the length of the first."""
        present = [key for key in keys if key in self]
        n = len(self.arrays[present[0]])
        for key in present[1:]:
            if len(self.arrays[key]) != n:
                hint = "Resample or cut all arrays to one common 208 Hz time base."
                raise self.fail(key, f"{len(self.arrays[key])} samples", f"{n} as in '{present[0]}'", hint)

    def _rotation(self, key: str) -> NDArray[np.float64]:
        matrix = self.floats(key, (3, 3))
        error = float(np.abs(matrix @ matrix.T - np.eye(3)).max())
        determinant = float(np.linalg.det(matrix))
        if error > ROTATION_TOLERANCE or determinant < 0:
            found = f"|M M^T - I| up to {error:.3g}, determinant {determinant:.3g}"
            hint = "Rows are the segment's x, y, z as unit vectors in sensor axes; orthonormalise, right-handed."
            raise self.fail(key, found, f"a rotation (within {ROTATION_TOLERANCE:g}, determinant +1)", hint)
        return matrix

    def _numeric(self, key: str, shape: tuple[int | None, ...], kind: str) -> NDArray:
        wanted = f"{kind} [{', '.join('N' if n is None else str(n) for n in shape)}]"
        value = self.get(key, wanted)
        if value.dtype.kind not in "iuf":
            raise self.fail(key, _describe(value), wanted, _INT16_HINT)
        fits = len(value.shape) == len(shape) and all(w in (None, n) for n, w in zip(value.shape, shape, strict=True))
        if not fits:
            raise self.fail(key, _describe(value), wanted, "Samples run along the first axis, x y z along the second.")
        if value.size == 0:
            raise self.fail(
                key, "an empty array", f"{wanted} with N > 0", "The recording has no samples: record again."
            )
        return value

    def _expect_finite(self, key: str, value: NDArray) -> None:
        self._expect_none(key, value, ~np.isfinite(value), "finite numbers (no NaN, no infinity)")

    def _expect_none(self, key: str, value: NDArray, bad: NDArray[np.bool_], expected: str) -> None:
        if bad.any():
            at = tuple(int(i) for i in np.argwhere(bad)[0])
            found = f"{value[at]} at {list(at)} ({int(bad.sum())} such of {bad.size})"
            raise self.fail(key, found, expected, _INT16_HINT)


def _describe(value: NDArray) -> str:
    return f"{value.dtype} {list(value.shape)}"
