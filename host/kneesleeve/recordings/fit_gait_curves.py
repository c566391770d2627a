"""Recompute the table of gait_curves.py: `python -m kneesleeve.recordings.fit_gait_curves FOLDER`.

FOLDER holds the angle curves of the BMC-RIC running data as `*angs.txt.gz` (CC BY 4.0): one row per percent of the
gait cycle (101 rows, 0 = initial contact), nine columns per stride, hip Z X Y, knee Z X Y, ankle Z X Y, in degrees.
Z is extension of the hip and flexion of the knee, X abduction, Y external rotation.

Per runner: drop strides with gaps or marker loss, average the rest, take the flexion crosstalk out of the knee's
frontal curve. Then average over runners (each counts once), close the cycle and keep ten harmonics.
"""

from __future__ import annotations

import gzip
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

N_HARMONICS = 10
CHANNELS = ("hip_flexion", "hip_abduction", "hip_rotation", "knee_flexion", "knee_abduction", "knee_rotation")
_SIGNS = np.array([-1.0, 1.0, 1.0, 1.0, 1.0, 1.0])  # the data's hip Z is extension
_MARKER_LOSS_DEG = 12.0
_SWING = slice(45, 96)  # percent of the cycle in which the knee carries no load


@dataclass(frozen=True)
class FittedCurves:
    """`coefficients_deg` complex [6, 11]: angle(phase) = Re sum_h c_h exp(2 pi i h phase); what they were made of."""

    coefficients_deg: NDArray[np.complex128]
    n_runners: int
    n_strides: int
    n_dropped: int
    worst_residual_deg: float


def fit(folder: Path) -> FittedCurves:
    """Fit the mean curves of all runners in `folder`. Raises FileNotFoundError where it holds no curves."""
    files = sorted(folder.glob("*angs.txt.gz"))
    if not files:
        raise FileNotFoundError(f"{folder}: no *angs.txt.gz in it")
    means, kept, seen = [], 0, 0
    for file in files:
        strides = read_strides(file)
        good = strides[~_lost_markers(strides)]
        means.append(remove_flexion_crosstalk(good.mean(axis=0)))
        kept, seen = kept + len(good), seen + len(strides)
    mean = _close_cycle(np.mean(means, axis=0))
    coefficients = _harmonics(mean)
    residual = np.abs(_evaluate(coefficients, 100) - mean[:, :100]).max()
    return FittedCurves(coefficients, len(files), kept, seen - kept, float(residual))


def read_strides(file: Path) -> NDArray[np.float64]:
    """Hip and knee angles, float [strides, 6, 101] degrees, in the signs of CHANNELS; gaps are NaN."""
    with gzip.open(file, "rt") as text:
        table = np.genfromtxt(text, skip_header=1)
    curves = table[:, 1:].reshape(101, -1, 9)[:, :, :6]
    return curves.transpose(1, 2, 0) * _SIGNS[:, None]


def remove_flexion_crosstalk(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit abduction = a + b * flexion in swing (45-95 %) and subtract it from the whole cycle; [6, 101] -> [6, 101].

    The knee carries no load in swing, so what follows flexion there is a tilted flexion axis, not collapse
    (it takes some true coupling along: the result is a typical curve, not a norm).
    """
    flexion, abduction = curves[3], curves[4]
    slope, level = np.polyfit(flexion[_SWING], abduction[_SWING], 1)
    out = curves.copy()
    out[4] = abduction - level - slope * flexion
    return out


def _lost_markers(strides: NDArray[np.float64]) -> NDArray[np.bool_]:
    """True for strides with a gap, or whose RMS distance from the runner's median is large in any channel."""
    median = np.nanmedian(strides, axis=0)
    distance = np.sqrt(np.mean((strides - median) ** 2, axis=2)).max(axis=1)
    return ~(distance <= _MARKER_LOSS_DEG)


def _close_cycle(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread the small step between 100 % and 0 % evenly over the cycle, or the harmonics would ring."""
    step = curves[:, -1] - curves[:, 0]
    return curves - step[:, None] * (np.arange(101) / 100 - 0.5)


def _harmonics(curves: NDArray[np.float64]) -> NDArray[np.complex128]:
    spectrum = np.fft.rfft(curves[:, :100], axis=1)[:, : N_HARMONICS + 1] / 100
    spectrum[:, 1:] *= 2
    return spectrum


def _evaluate(coefficients: NDArray[np.complex128], n: int) -> NDArray[np.float64]:
    phase = np.arange(n) / n
    return (coefficients @ np.exp(2j * np.pi * np.outer(np.arange(N_HARMONICS + 1), phase))).real


def main() -> None:
    """Print the table in the form in which gait_curves.py holds it."""
    fitted = fit(Path(sys.argv[1]))
    print(f"# {fitted.n_runners} runners, {fitted.n_strides} strides ({fitted.n_dropped} dropped)", end="")
    print(f", worst residual {fitted.worst_residual_deg:.2f} deg")
    for name, row in zip(CHANNELS, np.round(fitted.coefficients_deg, 3), strict=True):
        for part, values in (("cos", row.real), ("sin", -row.imag)):
            print(f'    "{name}_{part}": ({", ".join(f"{v + 0.0:.3f}" for v in values)}),')


if __name__ == "__main__":
    main()
