"""The knee as time goes by: flexion, and the inward movement of each stance, in a window that can be moved."""

from __future__ import annotations

from typing import Any

import numpy as np

from kneesleeve.report import look
from kneesleeve.report.angles import Angles
from kneesleeve.report.model import Model
from kneesleeve.report.run_figures import run_span_s, run_start_s
from kneesleeve.report.source import Floats
from kneesleeve.report.strides import Strides

WINDOW_S = 8.0
_STEP_S, _MOST_POINTS = 0.02, 40_000  # the angle is drawn at 50 Hz, more coarsely in long runs
_BREAK_S = 0.1


def motion_figure(m: Model, angles: Angles) -> look.Figure:
    """Knee flexion as time goes by, and the inward movement of each stance, in a window that can be moved."""
    start, span = run_start_s(m), run_span_s(m)
    end_s = span + 1.0
    t_s = np.arange(-1.0, end_s, max(_STEP_S, (end_s + 1.0) / _MOST_POINTS))
    at_s = m.clock.of_sample(angles.k) - start
    flexion = _on_grid(t_s, at_s, angles.flexion_deg)
    inward, over = _stances(t_s, at_s, angles, m.strides, start)
    x: dict[str, Any] = {"x0": look.ms(t_s[0]), "dx": round(1000 * float(t_s[1] - t_s[0]), 3), "hoverinfo": "skip"}
    low, high = _limits(flexion, 8.0)
    low2, high2 = _limits(np.concatenate((inward, over)), 2.0)
    data = [
        *look.hatched(m.gaps, start, WINDOW_S, low, high),
        _uniform(flexion, look.WITHIN, x), _uniform(inward, look.WITHIN, x, yaxis="y2"),
        _uniform(over, look.OVER, x, yaxis="y2", width=3), *_markers(m, start, high - 0.05 * (high - low), low),
    ]  # fmt: skip
    first = max(opens_at_s(m) - WINDOW_S / 2, -0.5)
    layout = look.layout(
        380,
        xaxis=look.time_axis(span, anchor="y2", range=[look.ms(first), look.ms(first + WINDOW_S)]),
        yaxis=look.axis(range=[low, high], domain=[0.5, 0.94], ticksuffix="°", nticks=5),
        yaxis2=look.axis(range=[low2, high2], domain=[0.0, 0.36], ticksuffix="°", nticks=4),
        annotations=[
            _row_name("Knee bend", 0.96),
            _row_name("Inward movement, foot down", 0.38),
        ],
    )
    return {"data": data, "layout": layout}


def _uniform(values: Floats, colour: str, x: dict[str, Any], **more: Any) -> look.Trace:
    """A line at even time steps: no x values, which halves its size."""
    trace = look.line(None, np.round(values, 1), colour, **more)
    return {k: v for k, v in trace.items() if k != "x"} | x


def _on_grid(t_s: Floats, at_s: Floats, values: Floats) -> Floats:
    """Values at times t_s, NaN where the samples around are further apart than 0.1 s."""
    out = np.interp(t_s, at_s, values, left=np.nan, right=np.nan)
    after = np.clip(np.searchsorted(at_s, t_s), 1, len(at_s) - 1)
    out[at_s[after] - at_s[after - 1] > _BREAK_S] = np.nan
    return out


def _stances(t_s: Floats, at_s: Floats, angles: Angles, s: Strides, start_s: float) -> tuple[Floats, Floats]:
    """Inward movement since contact in the stances inside and over the limit, float [T] each, NaN outside them."""
    frontal = _on_grid(t_s, at_s, angles.frontal_deg)
    inside, over = np.full(len(t_s), np.nan), np.full(len(t_s), np.nan)
    for i in np.flatnonzero(~np.isnan(s.contact_ms)):
        begin = s.ic_s[i] - start_s
        a, b = np.searchsorted(t_s, [begin, begin + s.contact_ms[i] / 1000])
        if b > a:
            (over if s.over[i] else inside)[a:b] = frontal[a:b] - frontal[a]
    return inside, over


def _markers(m: Model, start_s: float, top: float, bottom: float) -> list[look.Trace]:
    """A triangle over each over-stride, a thick bar for each buzz."""
    s = m.strides
    over, cued = np.flatnonzero(s.over), np.flatnonzero(s.cued)
    triangle = {"symbol": "triangle-down", "size": 12, "color": look.OVER}
    text = [f"stride {i + 1}: over your limit" for i in over]
    marks = look.dots(look.ms(s.ic_s[over] - start_s), np.full(len(over), top), text, triangle)
    begin = s.cue_s[cued] - start_s
    x = np.stack((begin, begin + s.cue_ms[cued] / 1000, np.full(len(cued), np.nan)), axis=1).ravel()
    bars = look.line([None if np.isnan(v) else look.ms(v) for v in x], np.where(np.isnan(x), np.nan, bottom), look.BUZZ)
    bars["line"]["width"] = 12
    bars |= {"hovertemplate": "buzz<extra></extra>"}
    return [t for t in (marks, bars) if t["x"]]


def opens_at_s(m: Model) -> float:
    """Middle of the first window: the first over-stride, else the middle of the run; seconds since its start."""
    over = np.flatnonzero(m.strides.over)
    return float(m.strides.ic_s[over[0] if len(over) else len(m.strides) // 2]) - run_start_s(m)


def _limits(values: Floats, least: float) -> tuple[float, float]:
    if np.isnan(values).all():
        return -least, least
    low, high = np.nanmin(values), np.nanmax(values)
    room = 0.1 * max(high - low, least)
    return round(float(low - room), 1), round(float(high + room), 1)


def _row_name(text: str, y: float) -> dict[str, Any]:
    return {
        "xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": y, "yanchor": "bottom", "text": text,
        "showarrow": False, "font": {"size": 13, "color": look.INK},
    }  # fmt: skip
