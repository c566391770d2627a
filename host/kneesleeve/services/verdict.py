"""The outcome of verifying a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from kneecore.stride import NULL

SAMPLE_US = 62_500 / 13  # 1/208 s
CALIBRATION_FIELDS = (
    "status", "quality", "side",
    *(f"{part}_{row}{column}" for part in ("shank", "thigh") for row in "xyz" for column in range(3)),
    *(f"bias_{rate}" for rate in ("sx", "sy", "tx", "ty", "tz")),
    "mv0", "a", "b_q8", "c_q16", "has_flex", "good_squats",
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """The first place where recorded and recomputed disagree. `what`: a stride, the calibration or the motor.

    recorded, recomputed: the values (None where one side has nothing or no value). time_s: on the shank's timebase.
    """

    what: str
    field: str
    recorded: int | None
    recomputed: int | None
    time_s: float | None = None

    def __str__(self) -> str:
        at = "" if self.time_s is None else f" at {self.time_s:.3f} s"
        return f"{self.what}{at}, {self.field}: recorded {_shown(self.recorded)}, recomputed {_shown(self.recomputed)}"


@dataclass(frozen=True)
class Verdict:
    """`verdict`: exact (all that could be checked is equal), differs, or unverifiable (nothing could be checked).

    calibration: exact, differs, given (handed to the sleeve, not found by it), none (the donning did not end)
    or unchecked. checked_share: part of the session's batches that was recomputed, 0 … 1. sections: first and last
    batch of each part that was. from_state_batches: of those, the ones recomputed by kneecore from a STATE record.
    checked_strides, checked_cues, checked_beats (of the cadence cue): how many of them were compared.
    loss: what is missing, in words.
    """

    verdict: Literal["exact", "differs", "unverifiable"]
    calibration: Literal["exact", "differs", "given", "none", "unchecked"]
    checked_share: float
    checked_batches: int
    from_state_batches: int
    sections: list[tuple[int, int]]
    batches: int
    checked_strides: int
    strides: int
    checked_cues: int
    checked_beats: int
    closed: bool
    difference: Difference | None = None
    reason: str = ""
    loss: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 exact, 1 differs, 3 exact with loss or without an end, 4 nothing checkable."""
        if self.verdict == "differs":
            return 1
        if self.verdict == "unverifiable":
            return 4
        return 3 if self.loss or not self.closed else 0

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        shown = dict(self.__dict__)
        shown["checked_share"] = round(self.checked_share, 6)
        shown["difference"] = None if self.difference is None else dict(self.difference.__dict__)
        return shown | {"exit_code": self.exit_code}


def value(number: int) -> int | None:
    """A field's value, None for NULL."""
    return None if number == NULL else number


def sample_time_s(sample: int) -> float:
    """Time of a shank sample."""
    return sample * SAMPLE_US / 1e6


def _shown(number: int | None) -> str:
    return "nothing" if number is None else str(number)
