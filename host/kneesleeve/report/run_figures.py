"""Figures over the time of a run: inward movement per stride, cadence and contact time."""

from __future__ import annotations

from typing import Any

import numpy as np

from kneecore import stride as st
from kneesleeve.report import look
from kneesleeve.report.metronome import VALGUS
from kneesleeve.report.model import Model
from kneesleeve.report.source import Bools, Floats, Ints
from kneesleeve.report.strides import PAUSE_S
from kneesleeve.report.words import clock, number

MOST_DOTS = 2500  # more strides inside the limit than this are thinned out in the picture
_MANY = 150  # over-strides: from here on their marks are smaller
_SMOOTH = 15  # strides in a running mean


def run_start_s(m: Model) -> float:
    """0:00 of the page: the first running stride, seconds since the recording began."""
    return float(m.strides.ic_s[0]) if len(m.strides) else 0.0


def run_span_s(m: Model) -> float:
    """From the first to the last contact, seconds, at least 1."""
    return max(float(m.strides.ic_s[-1]) - run_start_s(m), 1.0) if len(m.strides) else 1.0


def inward_figure(m: Model) -> look.Figure:
    """Inward movement of every stride relative to the wearer's usual, with limit, usual range, over-strides, buzzes."""
    s, limit = m.strides, m.facts.limit_deg or 0.0
    low, high = inward_range(m)
    start, span = run_start_s(m), run_span_s(m)
    within = s.compared & ~s.over
    learning = (s.reason == st.R_LEARNING) & s.judged
    grey = {"symbol": "circle-open", "size": 6, "color": look.FAINT}
    blue = {"symbol": "circle", "size": 5, "color": look.WITHIN, "opacity": 0.55}
    size = 12 if s.over.sum() <= _MANY else 8
    buzzed = {"symbol": "triangle-up", "size": size, "color": look.OVER, "line": {"width": 1, "color": "#7a3500"}}
    silent = {"symbol": "triangle-up-open", "size": size, "color": look.OVER, "line": {"width": 2}}
    cross = {"symbol": "x-thin", "size": 7, "line": {"width": 1.5, "color": look.FAINT}}
    floor = np.full(len(s), low + 0.04 * (high - low))
    data = look.hatched(m.gaps, start, span, low, high)
    data += [
        _strides(m, np.flatnonzero(learning), s.inward_deg, grey),
        _strides(m, thinned(within), s.inward_deg, blue),
        _strides(m, np.flatnonzero(~s.judged), floor, cross),
        _strides(m, np.flatnonzero(s.over & ~s.cued), s.inward_deg, silent),
        _strides(m, np.flatnonzero(s.over & s.cued), s.inward_deg, buzzed),
    ]
    layout = look.layout(
        340,
        xaxis=_run_axis(m),
        yaxis=look.axis(range=[low, high], ticksuffix="°", nticks=7),
        shapes=[*_usual_band(m, within), _level(0.0, "solid", look.WITHIN), _level(limit, "dash", look.OVER)],
        annotations=[_label(limit, f"your limit: {number(limit)}° over your usual", look.OVER, "bottom")],
    )
    return {"data": [t for t in data if t["x"]], "layout": layout}


def inward_range(m: Model) -> tuple[float, float]:
    """Lowest and highest value of the axis, degrees: all over-strides are inside, odd single low ones may not be."""
    values = m.strides.inward_deg[m.strides.judged]
    limit = m.facts.limit_deg or 0.0
    top = max(float(np.nanmax(values)), limit * 1.5, 1.0)
    bottom = min(float(np.nanpercentile(values, 0.5)), -1.0)
    room = 0.08 * (top - bottom)
    return bottom - room, top + room


def thinned(chosen: Bools) -> Ints:
    """Rows that are drawn: all, or evenly chosen ones where there are too many."""
    rows = np.flatnonzero(chosen)
    return rows if len(rows) <= MOST_DOTS else rows[np.linspace(0, len(rows) - 1, MOST_DOTS).round().astype(int)]


def pace_figure(m: Model) -> look.Figure:
    """Cadence above, contact time below: single strides faint, running mean of 15 strides as a line."""
    s = m.strides
    cadence, contact = s.cadence_spm, s.contact_ms
    rows = thinned(~np.isnan(cadence))
    t_s = s.ic_s - run_start_s(m)
    x = look.ms(t_s)
    faint = {"symbol": "circle", "size": 3, "color": look.FAINT, "opacity": 0.5}
    data = []
    for values, unit, digits, axis in ((cadence, " steps a minute", 0, "y"), (contact, " ms", 0, "y2")):
        words = [f"{clock(t)} · {number(v, digits)}{unit}" for t, v in zip(t_s, values, strict=True)]
        data.append(look.dots([x[i] for i in rows], values[rows], [words[i] for i in rows], faint, yaxis=axis))
        data.append(look.line(x, _broken(t_s, running_mean(values)), look.WITHIN, yaxis=axis, hoverinfo="skip"))
    start, span = run_start_s(m), run_span_s(m)
    data += _target_line(m, start, span)
    (a, b), (c, d) = _pace_range(cadence, 8), _pace_range(contact, 20)
    if m.metronome is not None and m.metronome.target_spm is not None:
        a, b = min(a, m.metronome.target_spm - 2), max(b, m.metronome.target_spm + 2)
    data += look.hatched(m.gaps, start, span, a, b)
    data += [t | {"yaxis": "y2"} for t in look.hatched(m.gaps, start, span, c, d)]
    layout = look.layout(
        360,
        xaxis=_run_axis(m, anchor="y2"),
        yaxis=look.axis(range=[a, b], domain=[0.56, 0.94], nticks=4),
        yaxis2=look.axis(range=[c, d], domain=[0.0, 0.38], nticks=4),
        annotations=[_heading("Cadence, steps a minute", 0.96), _heading("Contact time, ms", 0.40)],
    )
    return {"data": data, "layout": layout}


def _target_line(m: Model, start_s: float, span_s: float) -> list[look.Trace]:
    """The metronome's cadence from its first beat on; nothing where it did not beat."""
    b = m.metronome
    if b is None or b.target_spm is None or b.from_s is None:
        return []
    words = f"target: {number(b.target_spm, 0)} steps a minute<extra></extra>"
    x = [look.ms(b.from_s - start_s), look.ms(span_s)]
    return [look.line(x, np.full(2, b.target_spm), look.INK, dash="dash", hovertemplate=words)]


def running_mean(values: Floats) -> Floats:
    """Mean of 15 neighbours, NaN left out, float [S]; NaN where the value itself is missing."""
    there = ~np.isnan(values)
    kernel = np.ones(_SMOOTH)
    total = np.convolve(np.where(there, values, 0.0), kernel, "full")[_SMOOTH // 2 :][: len(values)]
    count = np.convolve(there, kernel, "full")[_SMOOTH // 2 :][: len(values)]
    return np.where(there, total / np.maximum(count, 1), np.nan)


def _broken(t_s: Floats, values: Floats) -> Floats:
    """With NaN at the first stride after a pause or gap, so that a line through the values breaks there."""
    return np.where(np.diff(t_s, prepend=t_s[:1]) > PAUSE_S, np.nan, values)


def _strides(m: Model, rows: Ints, y_deg: Floats, marker: dict[str, Any]) -> look.Trace:
    t_s = m.strides.ic_s[rows] - run_start_s(m)
    text = [_words(m, int(i), t) for i, t in zip(rows, t_s, strict=True)]
    return look.dots(look.ms(t_s), y_deg[rows], text, marker)


def _words(m: Model, i: int, t_s: float) -> str:
    s, inward = m.strides, m.strides.inward_deg[i]
    if not s.judged[i]:
        return f"{clock(t_s)} · stride {i + 1}<br>not judged"
    where = "further in than" if inward > 0 else "further out than"
    text = f"{clock(t_s)} · stride {i + 1}<br>{number(abs(inward))}° {where} your usual"
    if s.cued[i]:
        return text + f"<br>buzzed for {s.cue_ms[i]:.0f} ms"
    return text + (_unanswered(m) if s.over[i] else "")


def _unanswered(m: Model) -> str:
    return "<br>over your limit" + (", no buzz" if m.cue_mode == VALGUS else "")


def _run_axis(m: Model, **more: Any) -> dict[str, Any]:
    span = run_span_s(m)
    return look.time_axis(span, range=[look.ms(-0.015 * span), look.ms(1.015 * span)], **more)


def _usual_band(m: Model, within: Bools) -> list[dict[str, Any]]:
    """The range that holds nine in ten of the strides inside the limit."""
    if within.sum() < 20:
        return []
    low, high = np.percentile(m.strides.inward_deg[within], [5, 95])
    return [{
        "type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": round(float(low), 2), "y1": round(float(high), 2),
        "fillcolor": look.BAND, "line": {"width": 0}, "layer": "below",
    }]  # fmt: skip


def _level(y: float, dash: str, colour: str) -> dict[str, Any]:
    style = {"color": colour, "width": 2, "dash": dash}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": style, "layer": "below"}


def _label(y: float, text: str, colour: str, anchor: str) -> dict[str, Any]:
    return {
        "xref": "paper", "x": 1, "xanchor": "right", "y": y, "yanchor": anchor, "text": text, "showarrow": False,
        "font": {"color": colour, "size": 13}, "bgcolor": "rgba(255,255,255,0.75)",
    }  # fmt: skip


def _heading(text: str, y: float) -> dict[str, Any]:
    return {
        "xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": y, "yanchor": "bottom", "text": text,
        "showarrow": False, "font": {"size": 13, "color": look.INK},
    }  # fmt: skip


def _pace_range(values: Floats, least: float) -> tuple[float, float]:
    """Axis range that holds all but the oddest strides and does not blow up small differences."""
    low, high = np.nanpercentile(values, [0.5, 99.5]) if not np.isnan(values).all() else (0.0, 1.0)
    spare = max(least - (high - low), 0) / 2 + 0.12 * max(high - low, least)
    return float(low - spare), float(high + spare)
