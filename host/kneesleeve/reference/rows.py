"""Segment axes in sensor axes with their biases, and where in a stream they apply (docs/detector.md §3.5, §4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from kneesleeve.reference.types import Calibration


@dataclass(frozen=True)
class Row:
    """One segment axis in sensor axes, Q13, and the bias of its rate, LSB in Q13."""

    axis: tuple[int, int, int]
    bias: int = 0

    def folded(self, side: int) -> Row:
        """With the side (+1, -1) multiplied into row and bias."""
        x, y, z = (side * c for c in self.axis)
        return Row((x, y, z), side * self.bias)


@dataclass(frozen=True)
class Rows:
    """The rows of the kernel, side folded in; along is the shank's z row for its accelerometer, without the side."""

    shank_x: Row
    shank_y: Row
    shank_z: Row
    along: Row
    thigh_x: Row
    thigh_y: Row
    thigh_z: Row


@dataclass(frozen=True)
class Span:
    """Samples first … end - 1 of a stream, to which the same rows and biases apply."""

    first: int
    end: int
    rows: Rows


def rows_of(calibration: Calibration) -> Rows:
    """The kernel's rows of a calibration."""
    side, bias = calibration.side, calibration.biases
    (shank_x, shank_y, shank_z), (thigh_x, thigh_y, thigh_z) = calibration.shank_rows, calibration.thigh_rows
    return Rows(
        Row(shank_x, bias[0]).folded(side), Row(shank_y, bias[1]), Row(shank_z).folded(side), Row(shank_z),
        Row(thigh_x, bias[2]).folded(side), Row(thigh_y, bias[3]), Row(thigh_z, bias[4]).folded(side),
    )  # fmt: skip
