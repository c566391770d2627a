"""How the figures look: colours that stay apart for colour-blind eyes and in grey print, axes, hatched gaps."""

from __future__ import annotations

from typing import Any

import numpy as np

from kneesleeve.report.source import Floats
from kneesleeve.report.timeline import Gap

Figure = dict[str, Any]
Trace = dict[str, Any]

# Okabe and Ito's palette; over also differs in shape (triangle) and line (dashed)
WITHIN, OVER, BUZZ = "#0072b2", "#d55e00", "#1d2733"
INK, FAINT, GRID, BAND = "#38444f", "#8a949d", "#e8e6e0", "rgba(0,114,178,0.10)"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_MIDNIGHT_MS = 946_684_800_000
_LEAST_SHOWN = 0.004  # of the width: a gap is never too thin to be seen


def layout(height_px: int, **more: Any) -> dict[str, Any]:
    """A plot without frame, legend or zoom; the page around it has title and legend."""
    return {
        "height": height_px,
        "margin": {"l": 42, "r": 14, "t": 10, "b": 36},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": INK},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": "#c9c5ba", "font": {"size": 13, "color": INK}},
        **more,
    }


def axis(**more: Any) -> dict[str, Any]:
    """A quiet axis that cannot be zoomed by accident."""
    return {"gridcolor": GRID, "zeroline": False, "fixedrange": True, "ticks": "", "automargin": False, **more}


def time_axis(end_s: float, **more: Any) -> dict[str, Any]:
    """Time since the first running stride as 0:00; values in milliseconds (a date axis has the right ticks)."""
    form = "%-H:%M:%S" if end_s >= 3600 else "%-M:%S"
    return axis(type="date", tickformat=form, hoverformat=form, nticks=7, showgrid=False, **more)


def ms(seconds: Floats | float) -> Any:
    """Seconds of the run as whole milliseconds on a time axis, where 0:00 is midnight of 1 January 2000.

    (Plotly takes numbers of up to four digits on a date axis for years.)
    """
    return (np.round(np.asarray(seconds) * 1000).astype(np.int64) + _MIDNIGHT_MS).tolist()


def rounded(values: Floats, digits: int = 2) -> list[float | None]:
    """Plain numbers for JSON; None where there is none."""
    return [None if np.isnan(v) else round(float(v), digits) for v in values]


def line(x: Any, y: Floats, colour: str, **more: Any) -> Trace:
    """A line that stays broken where values are missing."""
    style = {"color": colour, "width": more.pop("width", 2), "dash": more.pop("dash", "solid")}
    return {"type": "scatter", "mode": "lines", "x": x, "y": rounded(y), "line": style, "connectgaps": False, **more}


def dots(x: Any, y: Floats, text: list[str], marker: dict[str, Any], **more: Any) -> Trace:
    """Single strides, each with its words."""
    template = {"hovertemplate": "%{text}<extra></extra>"}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": rounded(y),
        "text": text,
        "marker": marker,
        **template,
        **more,
    }


def hatched(gaps: list[Gap], start_s: float, span_s: float, low: float, high: float) -> list[Trace]:
    """Spans without samples, hatched from `low` to `high`; none where there is no gap."""
    if not gaps:
        return []
    x: list[int | None] = []
    y: list[float | None] = []
    for gap in gaps:
        spare = max(span_s * _LEAST_SHOWN - gap.length_s, 0) / 2
        a, b = ms(gap.start_s - spare - start_s), ms(gap.end_s + spare - start_s)
        x += [a, b, b, a, a, None]
        y += [low, low, high, high, low, None]
    pattern = {"shape": "/", "fgcolor": FAINT, "bgcolor": "rgba(0,0,0,0)", "size": 6, "solidity": 0.35}
    return [{
        "type": "scatter", "mode": "lines", "x": x, "y": y, "fill": "toself", "fillpattern": pattern,
        "line": {"color": FAINT, "width": 0.5}, "hoverinfo": "skip",
    }]  # fmt: skip
