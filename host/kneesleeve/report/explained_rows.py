"""A donning as short tables, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Sequence

from kneesleeve.report.explained import Explanation, Flex, Xyz
from kneesleeve.report.explained_turns import turns
from kneesleeve.report.explained_words import recorded_sentence, score_rows
from kneesleeve.report.words import number

Table = tuple[tuple[str, ...], Sequence[tuple[object, ...]]]


def facts(e: Explanation) -> list[tuple[str, str]]:
    """Name and text: side, standing, biases, flex sensor, end, session."""
    found = [("side", {"L": "left", "R": "right"}[e.side])]
    if e.stood is None:
        still = sum(block.still for block in e.blocks)
        found.append(("standing", f"not found; {still} of {len(e.blocks)} half seconds were still"))
    else:
        found.append(("standing", f"found at {e.stood.to_s:.1f} s (still from {e.stood.from_s:.1f} s on)"))
        found.append(("thigh bias", _bias(e.stood.thigh_bias_dps)))
        found.append(("shank bias", _bias(e.stood.shank_bias_dps)))
        squats = f"{e.count('good')} good, {e.count('shallow')} shallow"
        found.append(("squats", squats + (", one not finished" if e.count("unfinished") else "")))
    if e.flex is not None:
        found += flex_facts(e.flex)
    if e.at_s is not None:
        found.append((e.status, f"at {e.at_s:.1f} s (batch {e.batch})"))
    if e.recorded is not None:
        found.append(("session", recorded_sentence(e)))
    return found


def flex_facts(flex: Flex) -> list[tuple[str, str]]:
    """Voltage, slope and residual in words."""
    if not flex.plausible:
        return [("flex sensor", "none: no plausible voltage while standing")]
    found = [("flex voltage", f"{flex.standing_mv} mV standing, {flex.low_mv} to {flex.high_mv} mV in the squats")]
    if flex.deg_per_mv_standing is not None:
        at_60 = "" if flex.deg_per_mv_at_60 is None else f", {number(flex.deg_per_mv_at_60, 3)} at 60° of knee bend"
        found.append(("flex slope", f"{number(flex.deg_per_mv_standing, 3)}° per mV standing{at_60}"))
    if flex.rms_deg is not None:
        found.append(("flex residual", f"{flex.rms_deg:.2f}° RMS against the gyros"))
    if not flex.usable:
        found.append(("flex map", "none: the flex sensor did not follow the squats"))
    return found


def squat_table(e: Explanation) -> Table:
    """Every descent of 25° or more."""
    body = [(i + 1, round(s.at_s, 1), round(s.depth_deg), s.kind) for i, s in enumerate(e.squats)]
    return ("squat", "at_s", "depth_deg", "counted as"), body


def sensor_table(e: Explanation) -> Table:
    """How each sensor sits."""
    body = [
        (s.name, round(s.tilt_deg, 1), round(s.axis_deg, 1), s.off_permille, turns(s, e.side)) for s in e.sensors
    ]  # fmt: skip
    return ("sensor", "z_to_vertical_deg", "y_to_axis_deg", "outside_permille", "it sits"), body


def score_table(e: Explanation) -> Table:
    """Points from 100 down to the quality."""
    lost: list[tuple[object, ...]] = list(score_rows(e))
    quality = e.calibration.quality if e.calibration else 0
    return ("points", "for"), [(100, "to begin with"), *lost, (quality, "quality")] if lost else []


def _bias(dps: Xyz) -> str:
    return "x {}, y {}, z {} dps".format(*(number(v, 2) for v in dps))
