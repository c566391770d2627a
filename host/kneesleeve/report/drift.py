"""Did something change from the first to the last quarter of a run? Silent where the run is too short to tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.report.source import Floats

FEWEST = 200  # valid strides a quarter
_BLOCK = 20  # neighbouring strides resemble each other: means of 20 are taken as independent, single strides are not


@dataclass(frozen=True)
class Drift:
    """Means of the first and last quarter, their difference and its 95 % interval; unit of the values."""

    first: float
    last: float
    change: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """True where the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def per_quarter(values: Floats) -> int:
    """Valid values a quarter holds."""
    return int(np.count_nonzero(~np.isnan(values))) // 4


def drift(values: Floats) -> Drift | None:
    """Last quarter minus first quarter of the valid values, or None with fewer than 200 a quarter.

    95 % interval: Welch's t on the means of blocks of 20 strides.
    """
    valid = values[~np.isnan(values)]
    n = len(valid) // 4
    if n < FEWEST:
        return None
    first, last = valid[:n], valid[-n:]
    change = float(last.mean() - first.mean())
    half = _half_width(first, last)
    return Drift(float(first.mean()), float(last.mean()), change, change - half, change + half)


def _half_width(first: Floats, last: Floats) -> float:
    blocks = [part[: len(part) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).mean(axis=1) for part in (first, last)]
    squares = [float(b.var(ddof=1)) / len(b) for b in blocks]
    total = sum(squares)
    if total == 0:
        return 0.0
    df = total**2 / sum(s**2 / (len(b) - 1) for s, b in zip(squares, blocks, strict=True))
    return _t975(df) * total**0.5


def _t975(df: float) -> float:
    """97.5 % quantile of Student's t (Cornish-Fisher expansion, within 0.5 % from 5 degrees of freedom on)."""
    z = 1.959964
    return z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
