"""The wearer's own baseline, the threshold over it, and which strides are over (docs/detector.md §6)."""

from __future__ import annotations

from kneesleeve.reference.integers import ANGLE_LIMIT_U, clamp_int, median_int
from kneesleeve.reference.types import Params

LEFT_OUT, LEARNING = 6, 34


class Baseline:
    """Learns from judged strides 7 … 34, then decides and follows slowly. All angles in millidegrees."""

    def __init__(self, params: Params) -> None:
        self._params = params
        self._collapses: list[int] = []
        self._base16 = 0
        self._thresholds = (0, 0)  # after a stride that was not over, and after one that was
        self.judged = 0
        self.over = False  # of the last judged stride

    def in_force(self) -> tuple[int, int]:
        """Baseline and threshold."""
        return self._base16 >> 4, self._thresholds[self.over]

    def learn(self, collapse: int) -> None:
        """Take in one of judged strides 1 … 34."""
        if self.judged > LEFT_OUT:
            self._collapses.append(collapse)
        if self.judged == LEARNING:
            self._settle()

    def decide(self, collapse: int, baseline: int, threshold: int) -> bool:
        """Whether a later stride is over; if it is not, the baseline follows it."""
        self.over = collapse - baseline > threshold
        if not self.over:
            limited = clamp_int(collapse, -ANGLE_LIMIT_U, ANGLE_LIMIT_U)
            self._base16 += clamp_int((16 * limited - self._base16) >> 6, -320, 320)
        return self.over

    def _settle(self) -> None:
        p = self._params
        baseline = median_int(self._collapses)
        spread = min(median_int(abs(c - baseline) for c in self._collapses), 20000)
        wanted = (spread * 14826 // 10000) * p["spread_gain_pct"] // 100
        threshold = clamp_int(wanted, p["threshold_floor_mdeg"], p["threshold_cap_mdeg"])
        self._base16 = 16 * baseline
        self._thresholds = (threshold, threshold * p["hysteresis_pct"] // 100)
