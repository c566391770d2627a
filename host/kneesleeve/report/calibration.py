"""What the donning found, and what to do where it found nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneecore.records import E_STOOD
from kneesleeve.reference.types import Calibration
from kneesleeve.report.source import SessionLike

# quality from this on: word, sentence
_QUALITY = (
    (85, "good", "The squats were clear and the flex sensor followed them well."),
    (70, "fair", "Good enough to judge strides. Slower, deeper squats next time will sharpen it."),
    (0, "weak", "Take the numbers of this run with care, and put the sleeve on again before the next."),
)
# reason: what happened, what to do
REFUSAL_ADVICE = {
    1: ("it never saw three seconds of standing still", "Stand still, weight on both feet, until the sleeve answers."),
    2: ("there were too few squats", "After standing still, do five slow squats, about four seconds each."),
    3: ("the squats were too shallow", "Go down until the knee is bent by at least 50°, slowly, five times."),
    4: ("the squats did not end with standing still", "After the fifth squat, stand still for three seconds."),
    5: ("the knee did not bend around one clear axis", "Squat slowly and straight, heels on the ground."),
    6: ("a sensor sits upside down or far out of place", "Put the sleeve on with its marks up and to the front."),
    7: ("a sensor is turned too far, or the two are swapped", "Thigh sensor on the thigh, marks to the front."),
}  # fmt: skip
UNKNOWN = ("the reason has a number this toolkit does not know", "Update the toolkit, then make the report again.")


@dataclass(frozen=True)
class Donning:
    """status: accepted, given (not found by a donning), refused or unfinished. quality: 0 ... 100, with its word.

    shank_turn_deg, thigh_turn_deg: how far each sensor sits from straight; what was found is taken into account.
    why, advice: where it was refused or not finished; else the meaning of the quality.
    """

    status: str
    quality: int = 0
    word: str = ""
    squats: int = 0
    has_flex: bool = False
    shank_turn_deg: float = 0.0
    thigh_turn_deg: float = 0.0
    why: str = ""
    advice: str = ""


def donning(session: SessionLike) -> Donning:
    """The donning of a session, in numbers and words."""
    if session.calibration is None:
        return _unfinished(stood=any(event[1] == E_STOOD for event in session.events))
    found = Calibration.of(session.calibration)
    if found.status:
        why, advice = REFUSAL_ADVICE.get(found.status, UNKNOWN)
        return Donning("refused", squats=found.good_squats, why=why, advice=advice)
    word, meaning = next((word, meaning) for least, word, meaning in _QUALITY if found.quality >= least)
    given = session.calibration_given
    return Donning(
        "given" if given else "accepted",
        found.quality,
        "" if given else word,
        found.good_squats,
        bool(found.has_flex),
        turn_deg(found.shank_rows),
        turn_deg(found.thigh_rows),
        advice="" if given else meaning,
    )


def _unfinished(*, stood: bool) -> Donning:
    if stood:
        advice = "After standing still, do five slow squats, then stand still until the sleeve answers."
        return Donning("unfinished", why="the recording ended before the squats were done", advice=advice)
    advice = "Press the button, stand still until the sleeve answers, then do five slow squats."
    return Donning("unfinished", why="the recording ended before standing still was found", advice=advice)


def turn_deg(rows: tuple[tuple[int, int, int], ...]) -> float:
    """Angle of the rotation that the rows (Q13) describe, degrees: how far a sensor sits from straight."""
    trace = float(np.trace(np.array(rows, np.float64))) / 8192
    return float(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))))
