"""Strides put straight into kneecore's decision and cue, without samples: what counts is measured collapse and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kneecore import stride as f
from kneecore.pipeline import Pipeline

IDENTITY = [0, 0, 1, *[8192, 0, 0, 0, 8192, 0, 0, 0, 8192] * 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]
LEARNT = [9999] * 6 + [1000] * 14 + [1100] * 14  # baseline 1050, spread 50: the threshold is its floor
STRIDE, STANCE = 146, 52  # samples


class _Measured:
    """Stands in for `Stance`: says what was put in."""

    collapse_mdeg = excursion_mdeg = abduction_at_ic_mdeg = abduction_peak_mdeg = 0
    peak_samples = shank_range_mdeg = thigh_range_mdeg = 0
    flexion_at_ic_mdeg, flexion_peak_mdeg = 20000, 45000

    def measure(self, ic: int, to: int, stride_samples: int, kappa: int) -> None:
        pass

    @property
    def raw_collapse_mdeg(self) -> int:
        """No rotation term here."""
        return self.collapse_mdeg


class _Open:
    """Stands in for the running gate: every stance is a stride, so long after the one before."""

    swing_first = stride_samples = 0

    def is_stride(self, ic: int, to: int, jerk: int) -> bool:
        return True


class Judge:
    """Takes strides in order; `records` are the detector's stride records."""

    def __init__(self, params: dict[str, int]) -> None:
        self._pipe = Pipeline(params, list(IDENTITY))
        self._pipe.batch(1, 1, -1)
        self._measured: Any = _Measured()
        self._gate: Any = _Open()
        assert self._pipe.detection
        self._strides: Any = self._pipe.detection.strides
        self._strides._stance, self._strides.gate = self._measured, self._gate
        self.ic = 1000
        self.now = self._batch = 0
        self.nows: list[int] = []
        self.records: list[tuple[int, ...]] = []

    def take(self, collapse: int, *, judged: bool = True, stride: int = STRIDE, delay: int = 75) -> tuple[int, ...]:
        """A stride `stride` samples after the one before, its command due `delay` samples after contact."""
        self.ic += stride
        self._batch += 1
        self.now = self.ic + delay
        self._strides.begin()
        self._measured.collapse_mdeg = collapse
        self._gate.stride_samples = stride
        clipped = self.ic - (1000 if judged else 0)
        self._strides.stance(self.ic, self.ic + STANCE, 3000, clipped, 0, self._batch, self.now)
        self.nows.append(self.now)
        self.records.append(tuple(self._strides.records[: f.FIELD_COUNT]))
        return self.records[-1]

    def learn(self, collapses: Sequence[int] = LEARNT) -> None:
        """The 34 strides of the baseline."""
        for c in collapses:
            self.take(c)

    def column(self, field: int, start: int = 0) -> list[int]:
        return [r[field] for r in self.records[start:]]


def judged(params: dict[str, int], collapses: Sequence[int], **how: Any) -> list[tuple[int, ...]]:
    """The records of strides after a baseline of 1.05 deg."""
    judge = Judge(params)
    judge.learn()
    return [judge.take(c, **how) for c in collapses]
