"""The page: one HTML file with everything in it, plotly.js included once; nothing is loaded from anywhere."""

from __future__ import annotations

import json
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kneesleeve.errors import SessionError
from kneesleeve.report import coach, look, sections, words
from kneesleeve.report.curve_figures import flexion_figure, stance_figure
from kneesleeve.report.model import Model, build
from kneesleeve.report.motion_figure import WINDOW_S, motion_figure, opens_at_s
from kneesleeve.report.run_figures import MOST_DOTS, inward_figure, pace_figure, run_start_s
from kneesleeve.report.source import SessionLike, VerdictLike

_FEWEST_STRIDES = 5  # fewer than this are no picture of anything


def write_report(
    session: SessionLike, path: Path, *, verdict: VerdictLike | None = None, model: Model | None = None
) -> Path:
    """Write the report of a session to `path`, replacing it in one step; returns the path.

    verdict: outcome of `verify`, shown in words. model: numbers that were worked out already.
    Raises SessionError where the file cannot be written; what stood there before is then untouched.
    """
    text = render(session, model or build(session), verdict)
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text)
    except OSError as error:
        raise SessionError(
            f"The report cannot be written to {path}: {error.strerror or error}.",
            hint="Name another place with --out.",
        ) from error
    return path


def render(session: SessionLike, m: Model, verdict: VerdictLike | None = None) -> str:
    """The page as text."""
    drawn = {name: embedded(figure) for name, figure in figures(m).items()}
    return _template().render(
        title=words.headline(m.facts),
        lead=words.lead(m),
        facts=m.facts,
        tiles=sections.tiles(m),
        cue_mode=m.cue_mode,
        beats=m.metronome is not None and m.metronome.beats > 0,
        advice=sections.what_to_do(m),
        figures=drawn,
        colours={"within": look.WITHIN, "over": look.OVER, "faint": look.FAINT, "buzz": look.BUZZ},
        window_ms=round(1000 * WINDOW_S),
        middle_ms=look.ms(opens_at_s(m)) if len(m.strides) else 0,
        over_ms=look.ms(m.strides.ic_s[m.strides.over] - run_start_s(m)),
        donned=m.donning.status == "accepted",
        start=words.duration(run_start_s(m)),
        thinned=bool((m.strides.compared & ~m.strides.over).sum() > MOST_DOTS),
        gaps=m.facts.gaps,
        unjudged=bool((~m.strides.judged).any()),
        few_over=m.curves is not None and m.curves.inward_over is not None and m.curves.inward_over.sd_deg is None,
        curves=m.curves,
        drifts=words.drift_sentences(m) if m.facts.strides else [],
        reasons=sections.reason_rows(m),
        donning=sections.donning_sentences(m.donning),
        coach=coach.rows(m) if m.facts.strides else [],
        settings=coach.settings(m, dict(session.params)) if m.facts.strides else [],
        notes=sections.recording_notes(session, m),
        verdict=sections.verdict_sentence(verdict),
        footer=sections.footer(session, m),
        number=words.number,
        plotly_js=plotly_js() if drawn else "",
    )


def figures(m: Model) -> dict[str, look.Figure]:
    """The figures this run has data for, by name."""
    found: dict[str, look.Figure] = {}
    if m.facts.strides < _FEWEST_STRIDES:
        return found
    if m.facts.state == "judged":
        found["inward"] = inward_figure(m)
    if m.curves is not None:
        found["stance"] = stance_figure(m.curves)
        if m.curves.flexion_within is not None:
            found["flexion"] = flexion_figure(m.curves)
    found["pace"] = pace_figure(m)
    if m.angles is not None:
        found["motion"] = motion_figure(m, m.angles)
    return found


def embedded(figure: look.Figure) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(figure, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


@lru_cache(maxsize=1)
def _template() -> Any:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html.j2")


@lru_cache(maxsize=1)
def plotly_js() -> str:
    """The full bundle: the Python package has no smaller one. Read as a file, because importing plotly takes long."""
    from importlib import resources

    return resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")


def replace_file(path: Path, text: str) -> None:
    """Write beside `path`, then rename: a reader sees the old page or the new one, never half of one."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
