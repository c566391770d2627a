"""Mean curves: knee flexion over the gait cycle, inward movement over stance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.report.angles import Angles
from kneesleeve.report.source import Bools, Floats, Ints
from kneesleeve.report.strides import Strides

POINTS = 101
_LEVEL = 4  # samples before contact that make, with it, the level at contact (docs/detector.md §5)
_LONGEST_STRIDE, _STANCE_SHARE = 250, 0.37  # samples; of the cycle, where no stride tells
MATCH_DEG = 0.5  # a recomputed collapse further than this from the record is not the same stride
FEW = 5  # fewer strides than this give no spread


@dataclass(frozen=True)
class Curve:
    """Mean and standard deviation over n strides, float [101] degrees each; sd is None for fewer than five strides."""

    n: int
    mean_deg: Floats
    sd_deg: Floats | None


@dataclass(frozen=True)
class Curves:
    """flexion over the gait cycle (0 = contact, 100 = next contact), inward over stance (0 = contact, 100 = toe-off).

    `*_within`: strides inside the limit (while nothing is compared yet: all), `*_over`: over it, None where there are
    none. stance_share: toe-off as a share of the cycle. used: strides that gave a curve.
    """

    flexion_within: Curve | None
    flexion_over: Curve | None
    inward_within: Curve | None
    inward_over: Curve | None
    stance_share: float
    used: int


def curves(angles: Angles, strides: Strides, certain_batch: int) -> Curves | None:
    """Mean curves of the strides up to batch `certain_batch` whose samples are there and agree with the record.

    None where there are none.
    """
    rows = np.flatnonzero(strides.judged & (strides.to > strides.ic) & (strides.batch <= certain_batch))
    stance = _resampled(angles, angles.frontal_deg, strides.ic[rows], strides.to[rows])
    stance -= _level(angles, strides.ic[rows])[:, None]
    fits = np.abs(stance[:, 30:76].mean(axis=1) - strides.raw_collapse_deg[rows]) < MATCH_DEG
    rows, stance = rows[fits], stance[fits]
    if len(rows) == 0:
        return None
    over = strides.over[rows]
    within = strides.compared[rows] & ~over if strides.compared.any() else ~over
    following, cycle = _cycles(angles, strides, rows)
    shares = strides.contact_ms[following] / 1000 / strides.stride_s[following + 1]
    share = np.median(shares) if len(shares) else _STANCE_SHARE
    return Curves(
        _curve(cycle, np.isin(following, rows[within])), _curve(cycle, np.isin(following, rows[over])),
        _curve(stance, within), _curve(stance, over), float(share), len(rows),
    )  # fmt: skip


def _cycles(angles: Angles, strides: Strides, rows: Ints) -> tuple[Ints, Floats]:
    """The rows that are followed by a contact of the same stretch of running, and flexion over them, float [R, 101]."""
    rows = rows[rows + 1 < len(strides)]
    rows = rows[~np.isnan(strides.stride_s[rows + 1])]
    cycle = _resampled(angles, angles.flexion_deg, strides.ic[rows], strides.ic[rows + 1])
    there = ~np.isnan(cycle).any(axis=1)
    return rows[there], cycle[there]


def _resampled(angles: Angles, values_deg: Floats, first: Ints, last: Ints) -> Floats:
    """Values at 101 points from sample `first` to `last`, float [R, 101]; NaN where samples are missing."""
    share = np.linspace(0, 1, POINTS)
    at = first[:, None] + share * (last - first)[:, None]
    if len(angles.k) == 0:
        return np.full(at.shape, np.nan)
    out = np.interp(at, angles.k, values_deg)
    have = np.searchsorted(angles.k, last, side="right") - np.searchsorted(angles.k, first, side="left")
    out[(have != last - first + 1) | (last - first > _LONGEST_STRIDE)] = np.nan
    return out


def _level(angles: Angles, ic: Ints) -> Floats:
    """Mean of the five samples that end with the contact, float [R]."""
    if len(angles.k) == 0:
        return np.full(len(ic), np.nan)
    around = ic[:, None] + np.arange(-_LEVEL, 1)
    return np.interp(around, angles.k, angles.frontal_deg).mean(axis=1)


def _curve(samples_deg: Floats, chosen: Bools) -> Curve | None:
    picked = samples_deg[chosen]
    if len(picked) == 0:
        return None
    return Curve(len(picked), picked.mean(axis=0), picked.std(axis=0, ddof=1) if len(picked) >= FEW else None)
