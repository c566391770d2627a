"""Turns a recording's arrays into what the simulated chips give out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kneesleeve.errors import SessionError

NOMINAL_HZ = 208
GYRO_TAG = 0x01
ACCEL_TAG = 0x02

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Motion:
    """What the sensors see: int16 [N, 3] in sensor axes (0.070 dps, 0.000488 g a step), flex in mV [N] or None."""

    thigh_gyro: Samples
    thigh_accel: Samples
    shank_gyro: Samples
    shank_accel: Samples
    flex_mv: Samples | None = None
    rate_hz: float = NOMINAL_HZ

    def __post_init__(self) -> None:
        count = len(self.thigh_gyro)
        arrays = (self.thigh_gyro, self.thigh_accel, self.shank_gyro, self.shank_accel)
        shapes_fit = count > 0 and all(array.shape == (count, 3) for array in arrays)
        if not shapes_fit or (self.flex_mv is not None and self.flex_mv.shape != (count,)):
            raise SessionError(
                f"The motion's arrays do not fit together: {[array.shape for array in arrays]}.",
                hint="All four need shape [N, 3] with one N > 0, flex_mv [N].",
            )

    @classmethod
    def from_npz(cls, path: Path) -> Motion:
        """Read a recording (`data/README.md` has the format). Raises SessionError when it is none."""
        try:
            with np.load(path) as data:
                names = ("thigh_gyro", "thigh_accel", "shank_gyro", "shank_accel")
                flex = np.asarray(data["flex_mv"], np.int16) if "flex_mv" in data else None
                arrays = [np.asarray(data[name], np.int16) for name in names]
                return cls(*arrays, flex_mv=flex, rate_hz=float(data["rate_hz"]))
        except (OSError, KeyError, ValueError) as error:
            raise SessionError(f"{path} is no recording: {error}", hint="See the recording format in docs.") from error

    @property
    def duration_us(self) -> int:
        """Length of the motion in µs, rounded up."""
        return -int(-len(self.thigh_gyro) * 1_000_000 // self.rate_hz)

    def write(self, folder: Path, rates_mhz: dict[str, int]) -> dict[str, int]:
        """Write `thigh.fifo`, `shank.fifo` and `flex.bin` to `folder`; returns the number of samples in each.

        `rates_mhz` is each chip's true rate in mHz: a chip that runs fast measures the same motion more often.
        """
        counts = {}
        for chip in ("thigh", "shank"):
            rate_hz = rates_mhz[chip] / 1000
            words = fifo_words(
                resample(getattr(self, chip + "_gyro"), self.rate_hz, rate_hz),
                resample(getattr(self, chip + "_accel"), self.rate_hz, rate_hz),
            )
            words.tofile(folder / f"{chip}.fifo")
            counts[chip] = len(words)
        flex = np.empty(0, np.int16) if self.flex_mv is None else resample(self.flex_mv, self.rate_hz, NOMINAL_HZ)
        flex.astype("<i2").tofile(folder / "flex.bin")
        return counts | {"flex": len(flex)}


def resample(samples: Samples, from_hz: float, to_hz: float) -> Samples:
    """`samples` [N, ...] taken at `from_hz`, at `to_hz` from the same start (linear, rounded)."""
    if from_hz == to_hz:
        return samples
    last = len(samples) - 1
    at = np.arange(int(last * to_hz / from_hz) + 1) * (from_hz / to_hz)
    left = np.minimum(at.astype(np.int64), max(last - 1, 0))
    part = (at - left).reshape((-1,) + (1,) * (samples.ndim - 1))
    values = samples[left] * (1 - part) + samples[np.minimum(left + 1, last)] * part
    return np.rint(values).astype(np.int16)


def fifo_words(gyro: Samples, accel: Samples) -> NDArray[np.uint8]:
    """FIFO words [N, 2, 7]: gyro word then accelerometer word; tag = sensor, 2-bit slot counter, even parity."""
    count = len(gyro)
    words = np.empty((count, 2, 7), np.uint8)
    slot = np.arange(count, dtype=np.uint8) & 3
    for place, (tag, samples) in enumerate(((GYRO_TAG, gyro), (ACCEL_TAG, accel))):
        content = np.uint8(tag << 3) | (slot << 1)
        words[:, place, 0] = content | (np.bitwise_count(content) & 1)
        words[:, place, 1:] = np.ascontiguousarray(samples, "<i2").view(np.uint8).reshape(count, 6)
    return words
