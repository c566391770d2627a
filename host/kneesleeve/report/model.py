"""Every number of the report, without any HTML: `build(session) -> Model`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from kneecore import stride as st
from kneesleeve.reference.types import Calibration
from kneesleeve.report.angles import Angles, knee_angles
from kneesleeve.report.calibration import Donning, donning
from kneesleeve.report.curves import Curves, curves
from kneesleeve.report.drift import Drift, drift
from kneesleeve.report.metronome import Metronome, metronome
from kneesleeve.report.source import Bools, Floats, SessionLike
from kneesleeve.report.strides import Strides, table
from kneesleeve.report.timeline import Gap, Timeline, gaps, in_windows, timeline, windowed

# judged: strides were compared with a limit; learning: not yet; no_strides: no running was seen;
# refused, unfinished: the donning gave no calibration
State = Literal["judged", "learning", "no_strides", "refused", "unfinished"]


@dataclass(frozen=True)
class Facts:
    """The headline. `over_share` of the compared strides, `cue_share` of the strides that were over (0 ... 1).

    compared: judged strides after the learning. median_over_deg: how far over-strides fell inward of the usual.
    Values that do not exist are None.
    """

    state: State
    leg: Literal["left", "right"]
    duration_s: float
    running_s: float
    strides: int
    judged: int
    learning: int
    compared: int
    over: int
    over_share: float | None
    cues: int
    cue_share: float | None
    cadence_spm: float | None
    contact_ms: float | None
    baseline_deg: float | None
    limit_deg: float | None
    median_over_deg: float | None
    gaps: int
    missing_s: float

    def as_json(self) -> dict[str, Any]:
        """Plain values, floats rounded to what they are good for."""
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items()}


@dataclass(frozen=True)
class Model:
    """All a page shows. angles, curves: None where there are no usable raw samples.

    drifts: by quantity, None = silent. reasons: strides by reason code of the cue decision. cue_mode: what the
    motor was set to, 0 quiet, 1 buzzes, 2 cadence. metronome: what it did in mode 2, None in the others.
    """

    facts: Facts
    donning: Donning
    clock: Timeline
    strides: Strides
    angles: Angles | None
    curves: Curves | None
    drifts: dict[str, Drift | None]
    gaps: list[Gap]
    reasons: dict[int, int]
    cue_mode: int
    metronome: Metronome | None


def build(session: SessionLike) -> Model:
    """Work out every number of a session's report."""
    clock = timeline(session.drained)
    strides = table(session.strides, clock)
    put_on = donning(session)
    angles = _angles(session) if len(strides) else None
    missing = gaps(session, clock)
    return Model(
        facts(session, strides, put_on, missing),
        put_on,
        clock,
        strides,
        angles,
        curves(angles, strides, session.certain_batch) if angles is not None else None,
        drifts(strides),
        missing,
        {int(code): int(n) for code, n in zip(*np.unique(strides.reason, return_counts=True), strict=True)},
        session.params["cue_mode"],
        metronome(session, strides, clock),
    )


def facts(session: SessionLike, strides: Strides, put_on: Donning, missing: list[Gap]) -> Facts:
    """The headline numbers."""
    compared, over = int(strides.compared.sum()), int(strides.over.sum())
    cues = int(strides.cued.sum())
    return Facts(
        state=_state(strides, put_on),
        leg="right" if session.params["side"] else "left",
        duration_s=float(session.duration_s),
        running_s=strides.running_s,
        strides=len(strides),
        judged=int(strides.judged.sum()),
        learning=int((strides.reason == st.R_LEARNING).sum()),
        compared=compared,
        over=over,
        over_share=over / compared if compared else None,
        cues=cues,
        cue_share=cues / over if over else None,
        cadence_spm=_cadence_spm(strides),
        contact_ms=_median(strides.contact_ms),
        baseline_deg=_first(strides.baseline_deg),
        limit_deg=_limit_deg(strides),
        median_over_deg=_median(strides.inward_deg[strides.over]),
        gaps=len(missing),
        missing_s=sum(gap.length_s for gap in missing),
    )


def drifts(strides: Strides) -> dict[str, Drift | None]:
    """Last against first quarter of the run, by quantity; None where a quarter holds under 200 valid strides."""
    return {
        "collapse_deg": drift(strides.collapse_deg),
        "flexion_peak_deg": drift(strides.flexion_peak_deg),
        "cadence_spm": drift(strides.cadence_spm),
        "contact_ms": drift(strides.contact_ms),
    }


def _state(strides: Strides, put_on: Donning) -> State:
    if len(strides):
        return "judged" if strides.compared.any() else "learning"
    if put_on.status == "refused":
        return "refused"
    return "unfinished" if put_on.status == "unfinished" else "no_strides"


def _angles(session: SessionLike) -> Angles | None:
    """Angles by the session's calibration; None without one, or without raw samples."""
    if session.calibration is None or session.calibration[0] or not len(session.drained.shank_gyro):
        return None
    calibration = Calibration.of(session.calibration)
    drained = windowed(session.drained) if in_windows(session) else session.drained
    found = knee_angles(drained, calibration, session.accepted_batch, session.params["flex_window"])
    return found if len(found.k) else None


def _cadence_spm(strides: Strides) -> float | None:
    stride_s = _median(strides.stride_s)
    return 120 / stride_s if stride_s else None


def _limit_deg(strides: Strides) -> float | None:
    """The threshold without hysteresis: the largest in force."""
    known = strides.threshold_deg[~np.isnan(strides.threshold_deg)]
    return float(known.max()) if len(known) else None


def _median(values: Floats) -> float | None:
    there: Bools = ~np.isnan(values)
    return float(np.median(values[there])) if there.any() else None


def _first(values: Floats) -> float | None:
    there = np.flatnonzero(~np.isnan(values))
    return float(values[there[0]]) if len(there) else None
