"""When samples were taken and strides began, in seconds since the session's start, on the sleeve's own clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kneecore import stride as st
from kneesleeve.sessions.contents import Contents

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOMINAL_HZ = 208.0
_KNOT = 250  # batches (5 s): long enough to average the ± 1 sample of a drain, short against a drifting clock
_LEAST = 25  # batches from which a clock can be told from the nominal one
_USUAL_CONTACT, _AFTER_TOE_OFF = 55, 6  # samples from contact to toe-off, and from there until the stride is reported
_FITS_S = 0.06  # three batches


def sample_times_s(batch: Ints, n: Ints, ends_s: Floats, breaks: Iterable[int] = ()) -> Floats:
    """Time of every sample of one chip, float [sum(n)], ascending within a stretch without a gap.

    batch: numbers of the recorded batches, [B]; n: samples in each; ends_s: when each was drained. breaks: batches
    behind which samples were lost. A batch was drained on average half a sample after its last sample, so means over
    some seconds of (samples so far, time) give the chip's clock; between them it goes straight on.
    """
    cuts = np.flatnonzero(np.diff(batch) != 1) + 1
    lost = np.searchsorted(batch, np.array(sorted(set(breaks)), np.int64), "right")
    edges = np.unique(np.concatenate(([0], cuts, lost, [len(batch)])))
    out = [_stretch_s(n[a:b], ends_s[a:b]) for a, b in pairwise(edges)]
    return np.concatenate(out) if out else np.zeros(0)


def _stretch_s(n: Ints, ends_s: Floats) -> Floats:
    counts = np.cumsum(n)
    starts = np.arange(0, max(1, len(n) // _KNOT)) * _KNOT
    sizes = np.diff(np.append(starts, len(n)))
    x = np.add.reduceat(counts, starts) / sizes + 0.5
    t = np.add.reduceat(ends_s, starts) / sizes
    k = np.arange(1, counts[-1] + 1)
    slope = _slope_s(counts, ends_s)
    if len(x) == 1 or x[-1] <= x[0]:
        return t[0] + (k - x[0]) * slope
    first, last = (t[1] - t[0]) / max(x[1] - x[0], 1), (t[-1] - t[-2]) / max(x[-1] - x[-2], 1)
    inside = np.interp(k, x, t)
    return inside + np.minimum(k - x[0], 0) * first + np.maximum(k - x[-1], 0) * last


def _slope_s(counts: Ints, ends_s: Floats) -> float:
    """Seconds a sample, by a straight line through a short stretch; nominal where it is too short or no clock."""
    if len(counts) >= _LEAST and counts[-1] > counts[0]:
        away = counts - counts.mean()
        slope = float(away @ ends_s / (away @ away))
        if abs(slope * NOMINAL_HZ - 1) < 0.1:
            return slope
    return 1 / NOMINAL_HZ


def contact_times_s(contents: Contents, shank_t_s: Floats) -> Floats:
    """Times of all strides' initial contacts, float [strides].

    By the contact's own sample where raw samples are whole, else by the shank's clock as CLOSE gives it, if that fits
    the batch in which the stride was completed; else, after losses, from that batch (± 20 ms).
    """
    rows = np.array(contents.strides, np.int64).reshape(-1, st.FIELD_COUNT)
    ic, to, hz = rows[:, st.IC], rows[:, st.TO], shank_hz(contents)
    contact = np.where(to == st.NULL, _USUAL_CONTACT, to - ic)
    by_batch = contents.clock.ms(rows[:, st.BATCH]) / 1000 - (contact + _AFTER_TOE_OFF) / hz
    found = by_batch
    for times in (ic / hz, _by_sample(ic, shank_t_s)):
        found = np.where(np.abs(times - by_batch) < _FITS_S, times, found)
    return found


def _by_sample(ic: Ints, shank_t_s: Floats) -> Floats:
    there = (ic >= 0) & (ic < len(shank_t_s))
    return np.where(there, shank_t_s[np.where(there, ic, 0)], np.nan) if len(shank_t_s) else np.full(len(ic), np.nan)


def shank_hz(contents: Contents) -> float:
    """The shank's rate on the board's clock: of CLOSE, else nominal."""
    ppm = contents.close.shank_ppm if contents.close else None
    return NOMINAL_HZ * (1 + ppm / 1e6) if ppm is not None and abs(ppm) < 100_000 else NOMINAL_HZ


def dropout_breaks(contents: Contents, chip: int) -> Sequence[int]:
    """Batches behind which samples of this chip (0 shank, 1 thigh) were lost."""
    return [d.batch for d in contents.dropouts if d.chip in (chip, 2)]
