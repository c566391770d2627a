"""What a donning found, as values: worked out by `services.explain`, put into words and pictures here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from kneesleeve.reference.types import Calibration
from kneesleeve.report.source import Bools, Floats

# the limits of docs/detector.md §3, in the units of a reader
NEEDED_SQUATS, GOOD_DEG, SHALLOW_DEG = 3, 45, 25
STILL_DPS, LEVEL_DPS, DRIFT_DPS = 10, 15, 1.7
MOST_TURN_DEG, MOST_OFF_PERMILLE = 50, 100
Xyz = tuple[float, float, float]


@dataclass(frozen=True)
class Block:
    """Half a second before standing was found.

    spread_dps: largest minus smallest batch mean of its worst channel, called `worst`; level_dps: the largest rate.
    """

    from_s: float
    to_s: float
    spread_dps: float
    level_dps: float
    worst: str
    still: bool


@dataclass(frozen=True)
class Stood:
    """Standing as it was found: its three seconds and the gyro biases (x, y, z of the sensor)."""

    from_s: float
    to_s: float
    shank_bias_dps: Xyz
    thigh_bias_dps: Xyz


@dataclass(frozen=True)
class Squat:
    """A descent of 25° or more. depth_deg: what thigh and shank turned together since standing, at its deepest."""

    kind: Literal["good", "shallow", "unfinished"]
    depth_deg: float
    at_s: float


@dataclass(frozen=True)
class SensorAxes:
    """How a sensor sits. tilt_deg: its z to vertical; axis_deg: its y to the flexion axis; both are at most 180.

    forward_deg, left_deg, about_long_deg: the same as three turns, after each other: lean of its top to the front, to
    the wearer's left, and its front turned to the left. off_permille: share of the squats' motion outside the axis.
    """

    name: str
    tilt_deg: float
    axis_deg: float
    forward_deg: float
    left_deg: float
    about_long_deg: float
    off_permille: int


@dataclass(frozen=True)
class Flex:
    """The flex sensor in the squats; millivolts. The slopes and the residual are None where there is no map.

    deg_per_mv_at_60 is None also where the map does not reach 60° in the squats' range.
    """

    usable: bool
    plausible: bool
    standing_mv: int
    low_mv: int
    high_mv: int
    deg_per_mv_standing: float | None = None
    deg_per_mv_at_60: float | None = None
    rms_deg: float | None = None


@dataclass(frozen=True)
class Score:
    """Points that were taken from 100 (docs/detector.md §3.4)."""

    axis: int
    residual: int
    shallow: int
    no_flex: int


@dataclass(frozen=True)
class Traces:
    """Of every batch of the donning, for pictures: time, depth, knee angle (None without axes), flex; float [B].

    in_fit: bool [B], the squats. flex_curve: (mV, degrees), float [C] each, None without a map.
    """

    t_s: Floats
    depth_deg: Floats
    flexion_deg: Floats | None
    flex_mv: Floats
    in_fit: Bools
    flex_curve: tuple[Floats, Floats] | None


@dataclass(frozen=True)
class Recorded:
    """What a session says. state: exact, differs, or missing (its samples do not reach the end of the donning).

    difference: the first one, in words. calibration: the 32 integers in the file.
    """

    state: Literal["exact", "differs", "missing"]
    difference: str
    calibration: Calibration


@dataclass(frozen=True)
class Explanation:
    """A donning. calibration: the reference's own, None where it did not end; batch, at_s: when it ended.

    length_s: of the recording. steady_dps: how much the block means differed in the calmest six still blocks in a row
    (None where there were none). stood, sensors, flex, score: None or empty as far as the donning did not get.
    """

    name: str
    side: Literal["L", "R"]
    length_s: float
    calibration: Calibration | None
    batch: int
    at_s: float | None
    blocks: tuple[Block, ...]
    steady_dps: float | None
    stood: Stood | None = None
    squats: tuple[Squat, ...] = ()
    sensors: tuple[SensorAxes, ...] = ()
    flex: Flex | None = None
    score: Score | None = None
    traces: Traces | None = None
    recorded: Recorded | None = None

    @property
    def status(self) -> Literal["accepted", "refused", "unfinished"]:
        """How it ended."""
        if self.calibration is None:
            return "unfinished"
        return "refused" if self.calibration.status else "accepted"

    def count(self, kind: str) -> int:
        """Squats of a kind."""
        return sum(squat.kind == kind for squat in self.squats)

    def as_json(self) -> dict[str, Any]:
        """For `--json`: everything but the traces, numbers rounded to thousandths."""
        plain = {k: v for k, v in self.__dict__.items() if k not in ("calibration", "blocks", "traces", "recorded")}
        found = self.calibration
        shown = {"status": self.status, "reason": found and found.status, "quality": found and found.quality}
        shown |= {k: _plain(v) for k, v in plain.items()}
        shown["record"] = list(found.record()) if found else None
        shown["recorded"] = self.recorded and {
            "state": self.recorded.state,
            "difference": self.recorded.difference,
            "record": list(self.recorded.calibration.record()),
        }
        return shown


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return _plain(asdict(value)) if hasattr(value, "__dataclass_fields__") else value
