"""A donning in words: the first line, what spoke against it, where the points went."""

from __future__ import annotations

from itertools import groupby

from kneecore.fault_table import REFUSALS
from kneesleeve.reference import fit
from kneesleeve.report.calibration import REFUSAL_ADVICE, UNKNOWN
from kneesleeve.report.explained import (
    DRIFT_DPS,
    GOOD_DEG,
    MOST_OFF_PERMILLE,
    MOST_TURN_DEG,
    NEEDED_SQUATS,
    Explanation,
    Flex,
)
from kneesleeve.report.words import count, number

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_CLEAR_PERMILLE, _FAIR_PERMILLE = 20, 50


def headline(e: Explanation) -> str:
    """Did it go well, and what did it find? One line, with what to do where it did not."""
    return f"{outcome(e)} {advice(e)}".rstrip()


def outcome(e: Explanation) -> str:
    """The headline without the advice."""
    if e.calibration is None:
        return _unfinished(e)
    if e.calibration.status:
        reason = REFUSALS[e.calibration.status] if e.calibration.status < len(REFUSALS) else "for an unknown reason"
        return f"Refused: {reason.partition(' (')[0]} ({evidence(e)})."
    return f"Accepted, quality {e.calibration.quality} of 100: {_squats(e)}, {_axis(e)}, {_flex(e.flex)}."


def advice(e: Explanation) -> str:
    """What to do; "" for a donning that was accepted."""
    if e.calibration is not None:
        return REFUSAL_ADVICE.get(e.calibration.status, UNKNOWN)[1] if e.calibration.status else ""
    if e.recorded is not None:
        return "Pull the session again if the sleeve still has it."
    if e.stood is None:
        return "Stand still, weight on both feet, until the sleeve answers."
    return "After standing still, do five slow squats, then stand still for three seconds."


def evidence(e: Explanation) -> str:
    """What the refusal rests on, in numbers."""
    return {
        fit.MOVED: _moved,
        fit.TOO_FEW: lambda e: f"{_many(e.count('good'))} of the {NEEDED_SQUATS} that are needed",
        fit.TOO_SHALLOW: _shallow,
        fit.NO_END: _no_end,
        fit.AXES_UNCLEAR: _unclear,
        fit.UPSIDE_DOWN: lambda e: _badly(e, "tilt_deg", "from vertical"),
        fit.SWAPPED: lambda e: _badly(e, "axis_deg", "from the bending axis"),
    }.get(e.calibration.status if e.calibration else 0, lambda e: "the number is not known to this toolkit")(e)


def recorded_sentence(e: Explanation) -> str:
    """What the session says against what its samples give; "" for a recording."""
    if e.recorded is None:
        return ""
    found = e.recorded.calibration
    told = f"quality {found.quality}" if found.status == 0 else f"refused, {REFUSALS[found.status % len(REFUSALS)]}"
    return {
        "exact": "The sleeve recorded exactly this, in all 32 numbers and at the same batch.",
        "differs": f"The sleeve recorded something else: {e.recorded.difference}.",
        "missing": f"The sleeve recorded {told}; the file's samples end before that, so it cannot be explained.",
    }[e.recorded.state]


def score_rows(e: Explanation) -> list[tuple[int, str]]:
    """Points lost and what for, those that cost nothing too; the sum with 100 is the quality."""
    if e.score is None:
        return []
    worst = max(e.sensors, key=lambda sensor: sensor.off_permille)
    off = f"motion outside the bending axis: {worst.off_permille} ‰ at the {worst.name}, a point for each"
    if e.flex is None or e.flex.rms_deg is None:
        residual = "flex sensor against gyros: nothing to compare"
    else:
        residual = f"flex sensor against gyros: {e.flex.rms_deg:.1f}° apart, a point for each 0.1°"
    n = e.count("shallow")
    shallow = f"{count(n, 'shallow squat')}, five points for each" if n else "no shallow squats"
    flex = "the flex sensor can be used" if e.score.no_flex == 0 else "the flex sensor cannot be used"
    losses = (e.score.axis, e.score.residual, e.score.shallow, e.score.no_flex)
    return [(-lost, text) for lost, text in zip(losses, (off, residual, shallow, flex), strict=True)]


def _unfinished(e: Explanation) -> str:
    if e.recorded is not None:
        return f"Not explained. {recorded_sentence(e)}"
    where = "before standing still was found" if e.stood is None else f"before the squats were over ({_squats(e)})"
    return f"Not finished: the recording ends after {e.length_s:.1f} s, {where}."


def _many(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else str(n)


def _squats(e: Explanation) -> str:
    good, shallow = e.count("good"), e.count("shallow")
    text = f"{_many(good)} {'squat' if good == 1 else 'squats'}"
    return text + (f" and {_many(shallow)} too shallow" if shallow else "")


def _axis(e: Explanation) -> str:
    off = max(sensor.off_permille for sensor in e.sensors)
    word = "clear" if off <= _CLEAR_PERMILLE else "fairly clear" if off <= _FAIR_PERMILLE else "blurred"
    return f"the bending axis is {word}"


def _flex(flex: Flex | None) -> str:
    if flex is None or not flex.plausible:
        return "there is no flex sensor"
    if not flex.usable or flex.rms_deg is None:
        return "the flex sensor did not follow"
    return f"the flex sensor follows within {flex.rms_deg:.1f}°"


def _moved(e: Explanation) -> str:
    if e.steady_dps is not None:
        return (
            f"still for three seconds, but the rates drifted by {e.steady_dps:.1f} dps, at most {DRIFT_DPS} are allowed"
        )
    longest = max((len(list(run)) for still, run in groupby(b.still for b in e.blocks) if still), default=0)
    if longest == 0:
        return f"not still for half a second in {e.at_s or e.length_s:.0f} s, three seconds are needed"
    return f"in {e.at_s or e.length_s:.0f} s the longest stillness was {longest / 2:.1f} s, three seconds are needed"


def _shallow(e: Explanation) -> str:
    if e.count("good"):
        return f"only {_many(e.count('good'))} of {_many(len(e.squats))} reached {GOOD_DEG}°, three must"
    deepest = max((squat.depth_deg for squat in e.squats), default=0.0)
    return f"the deepest of {_many(len(e.squats))} reached {deepest:.0f}°; {GOOD_DEG}° are needed, three times"


def _no_end(e: Explanation) -> str:
    # docs/detector.md §3.3: a second of standing ends three good squats, four seconds give fewer up
    still = "second" if e.count("good") >= NEEDED_SQUATS else "four seconds"
    return f"{_squats(e)} in the minute after standing, and then no {still} of standing still and upright"


def _unclear(e: Explanation) -> str:
    worst = max(e.sensors, key=lambda sensor: sensor.off_permille)
    return f"{worst.off_permille} ‰ of the {worst.name}'s motion lies outside its axis, at most {MOST_OFF_PERMILLE} may"


def _badly(e: Explanation, field: str, what: str) -> str:
    worst = max(e.sensors, key=lambda sensor: getattr(sensor, field))
    return f"the {worst.name} sensor is {number(getattr(worst, field), 0)}° {what}, at most {MOST_TURN_DEG}° may be"
