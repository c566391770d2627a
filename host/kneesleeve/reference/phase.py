"""Where a shank sample lies on the thigh's clock: the tracked phase of docs/detector.md §2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.types import Ints

WINDOW, HALF = 100, 50  # batches
SLOPE_LIMIT_Q20 = 83886  # 8 %


@dataclass(frozen=True)
class Phase:
    """The line that maps shank index to thigh position, one for each of B non-empty batches (all int64 [B]).

    offset: D, samples. rel_q12: samples, Q12. slope_q20: samples per sample, Q20. centre: c1, shank index.
    """

    offset: Ints
    rel_q12: Ints
    slope_q20: Ints
    centre: Ints

    def at(self, k: Ints, batch: Ints | slice) -> Ints:
        """Thigh position in Q12 of shank samples `k` by the lines of `batch` (of the same shape)."""
        reach = np.clip(k - self.centre[batch], -2000, 2000)
        return ((k + self.offset[batch]) << 12) + self.rel_q12[batch] + ((self.slope_q20[batch] * reach) >> 8)


def track(n_s: Ints, n_t: Ints) -> Phase:
    """The lines after each non-empty batch, from the totals drained so far, int64 [B] each."""
    offset = n_t - n_s
    m = np.arange(1, len(n_s) + 1)
    rel = (_sum_before(offset, 0, m) << 12) // m
    slope, centre = np.zeros_like(rel), n_s.copy()
    full = slice(WINDOW - 1, None)
    e1, e0 = (_sum_before(offset, lag, HALF)[full] for lag in (0, HALF))
    q1, q0 = (_sum_before(n_s, lag, HALF)[full] for lag in (0, HALF))
    rise = np.clip(e1 - e0, -1000, 1000) << 20
    slope[full] = np.clip(rise // np.maximum(q1 - q0, 1), -SLOPE_LIMIT_Q20, SLOPE_LIMIT_Q20)
    rel[full] = (np.clip(e1, -100000, 100000) << 12) // HALF
    centre[full] += q1 // HALF
    return Phase(offset, rel, slope, centre)


def _sum_before(v: Ints, lag: int, m: Ints | int) -> Ints:
    """Σ (v_i - v_j) over the `m` entries that end `lag` before j, for every j (meaningless where there are fewer)."""
    total = np.concatenate(([0], np.cumsum(v)))
    j = np.arange(len(v))
    last = np.maximum(j - lag + 1, 0)
    return total[last] - total[np.maximum(last - m, 0)] - m * v
