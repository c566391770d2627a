"""The page of a donning: one HTML file like the report's, everything in it, nothing loaded from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kneesleeve.errors import SessionError
from kneesleeve.report import explained_rows, look
from kneesleeve.report import explained_turns as sits
from kneesleeve.report import explained_words as said
from kneesleeve.report.calibration_figures import calibration_figures
from kneesleeve.report.explained import MOST_TURN_DEG, Explanation, SensorAxes
from kneesleeve.report.page import embedded, plotly_js, replace_file
from kneesleeve.report.sections import toolkit_version
from kneesleeve.report.words import number


def write_calibration_page(e: Explanation, path: Path) -> Path:
    """Write the page to `path`, replacing it in one step; returns the path. SessionError where that cannot be done."""
    text = render(e)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text)
    except OSError as error:
        raise SessionError(
            f"The page cannot be written to {path}: {error.strerror or error}.", hint="Name another place with --out."
        ) from error
    return path


def render(e: Explanation) -> str:
    """The page as text."""
    drawn = {name: embedded(figure) for name, figure in calibration_figures(e).items()}
    return _template().render(
        e=e,
        title=said.outcome(e),
        advice=said.advice(e),
        recorded=said.recorded_sentence(e),
        tiles=_tiles(e),
        figures=drawn,
        colours={"within": look.WITHIN, "over": look.OVER, "faint": look.FAINT, "ink": look.INK},
        views=[(sensor.name, sits.turns(sensor, e.side), _views(sensor, e.side)) for sensor in e.sensors],
        most_turn_deg=MOST_TURN_DEG,
        facts=explained_rows.facts(e),
        squats=explained_rows.squat_table(e)[1],
        sensors=e.sensors,
        score=explained_rows.score_table(e)[1],
        number=number,
        toolkit=toolkit_version(),
        plotly_js=plotly_js() if drawn else "",
        window_ms=0,  # what the report's script asks for its window: there is none here
        middle_ms=0,
        over_ms=[],
    )


def _tiles(e: Explanation) -> list[tuple[str, str]]:
    """Big number and what it is."""
    found: list[tuple[str, str]] = []
    if e.status == "accepted" and e.calibration is not None:
        found.append((str(e.calibration.quality), "quality, of 100"))
    if e.stood is not None:
        squats = "good squat" if e.count("good") == 1 else "good squats"
        found.append((str(e.count("good")), squats + (f", {e.count('shallow')} shallow" if e.count("shallow") else "")))
    if e.status == "refused" and e.squats:
        found.append((f"{max(squat.depth_deg for squat in e.squats):.0f}°", "deepest squat"))
    if e.sensors:
        worst = max(e.sensors, key=lambda sensor: max(sensor.tilt_deg, sensor.axis_deg))
        angle = max(worst.tilt_deg, worst.axis_deg)
        found.append((f"{angle:.0f}°", f"largest misalignment ({worst.name}; up to {MOST_TURN_DEG}° is fine)"))
    if e.flex is not None and e.flex.rms_deg is not None:
        found.append((f"{e.flex.rms_deg:.1f}°", "between flex sensor and gyros"))
    return found


def _views(sensor: SensorAxes, side: str) -> list[dict[str, Any]]:
    """A sensor from three sides: name, how to look, clockwise turn on the screen, words (none for one far out)."""
    near = sits.speakable(sensor)
    return [
        {"from": "from the side", "hint": "front to the right", "turn": sensor.forward_deg, "round": False,
         "words": sits.forward_word(sensor) if near else ""},
        {"from": "from the front", "hint": "wearer’s left is right", "turn": sensor.left_deg, "round": False,
         "words": sits.sideways_word(sensor, side) if near else ""},
        {"from": "from above", "hint": "front at the top", "turn": -sensor.about_long_deg, "round": True,
         "words": sits.about_word(sensor, side) if near else ""},
    ]  # fmt: skip


def _template() -> Any:
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("calibration.html.j2")
