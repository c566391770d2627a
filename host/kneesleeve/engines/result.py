"""What every engine returns: integers only, so that equality is exact."""

from __future__ import annotations

from dataclasses import dataclass, field

from kneecore.stride import FIELD_NAMES


@dataclass(frozen=True)
class EngineResult:
    """The detector's whole answer on one run.

    calibration: the 32 integers of docs/detector.md §3.5, or None where the donning neither ended nor was refused.
    accepted_batch: the batch in which the donning was accepted or refused (0: a given one, -1: None).
    strides: one tuple of `FIELD_NAMES` integers a reported stride (NULL where there is no value).
    faults: fault codes of `kneecore.faults`, in order of appearance.
    beats: (batch, delay_us, ms) of every cadence beat (docs/detector.md §7.1).
    refreshes: the batches after which the gyros' biases were taken anew (§4.5).
    """

    calibration: tuple[int, ...] | None
    accepted_batch: int
    strides: list[tuple[int, ...]] = field(default_factory=list)
    faults: tuple[int, ...] = ()
    beats: tuple[tuple[int, int, int], ...] = ()
    refreshes: tuple[int, ...] = ()

    def column(self, name: str) -> list[int]:
        """One field of every stride."""
        i = FIELD_NAMES.index(name)
        return [s[i] for s in self.strides]
