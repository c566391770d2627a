"""Figures of a donning: the knee as it stood and squatted, the half seconds before standing, the flex map."""

from __future__ import annotations

from typing import Any

import numpy as np

from kneesleeve.report import look
from kneesleeve.report.explained import GOOD_DEG, SHALLOW_DEG, STILL_DPS, Block, Explanation, Traces
from kneesleeve.report.source import Floats

_MOST_DPS = 60.0  # of the axis: walking is further out
_MOST_DOTS = 1500
_KINDS = {"good": ("circle", look.WITHIN), "shallow": ("triangle-down", look.OVER), "unfinished": ("x", look.OVER)}


def calibration_figures(e: Explanation) -> dict[str, look.Figure]:
    """The figures this donning has data for, by name."""
    found: dict[str, look.Figure] = {}
    if e.traces is not None:
        found["knee"] = knee_figure(e, e.traces)
    if e.stood is None and e.blocks:
        found["still"] = still_figure(e.blocks)
    if e.traces is not None and e.traces.flexion_deg is not None and e.flex is not None and e.flex.plausible:
        found["flex"] = flex_figure(e.traces, e.traces.flexion_deg)
    return found


def knee_figure(e: Explanation, t: Traces) -> look.Figure:
    """Depth (and knee angle where axes are known) over the donning, its phases, the deepest point of each squat."""
    top = max(1.15 * float(t.depth_deg.max()), GOOD_DEG + 12.0)
    x = look.rounded(t.t_s)
    depth = {"dash": "dot", "width": 1.5} if t.flexion_deg is not None else {}
    data = [look.line(x, t.depth_deg, look.FAINT if depth else look.WITHIN, hoverinfo="skip", **depth)]
    if t.flexion_deg is not None:
        data.append(look.line(x, t.flexion_deg, look.WITHIN, hovertemplate="%{x:.1f} s: %{y:.0f}°<extra></extra>"))
    data.append(_bottoms(e))
    end_s = e.at_s or float(t.t_s[-1])
    shapes = [_level(GOOD_DEG, look.OVER)]
    notes = [_note(0, GOOD_DEG, f"good from {GOOD_DEG}°", "left", "bottom", look.OVER)]
    if e.count("good") < len(e.squats):
        shapes.append(_level(SHALLOW_DEG, look.FAINT))
        notes.append(_note(0, SHALLOW_DEG, f"shallow from {SHALLOW_DEG}°", "left", "bottom", look.FAINT))
    if e.stood is not None:
        shapes.append(_band(e.stood.from_s, e.stood.to_s))
        notes.append(_phase(e.stood.from_s, "standing", "left"))
        notes.append(_phase((e.stood.to_s + end_s) / 2, "squats", "center"))
    if e.at_s is not None:
        shapes.append(_upright(e.at_s))
        notes.append(_phase(e.at_s, e.status, "right"))
    layout = look.layout(
        340,
        xaxis=look.axis(range=[0, 1.01 * end_s], ticksuffix=" s", nticks=7, showgrid=False),
        yaxis=look.axis(range=[min(-5.0, float(t.depth_deg.min())), top], ticksuffix="°", nticks=6),
        shapes=shapes,
        annotations=notes,
    )
    layout["margin"]["t"] = 26
    return {"data": data, "layout": layout}


def still_figure(blocks: tuple[Block, ...]) -> look.Figure:
    """How much the rates changed in each half second: blue where that was still."""
    height = np.minimum([b.spread_dps for b in blocks], _MOST_DPS)
    text = [
        f"{b.from_s:.1f} to {b.to_s:.1f} s: {'still' if b.still else 'moved'}"
        f"<br>{b.spread_dps:.0f} dps of change ({b.worst})<br>largest rate {b.level_dps:.0f} dps"
        for b in blocks
    ]
    bars = {
        "type": "bar", "x": [round((b.from_s + b.to_s) / 2, 2) for b in blocks], "y": look.rounded(height),
        "width": 0.42, "text": text, "textposition": "none", "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": [look.WITHIN if b.still else look.OVER for b in blocks]},
    }  # fmt: skip
    end_s = blocks[-1].to_s
    layout = look.layout(
        280,
        xaxis=look.axis(range=[-0.03 * end_s, 1.01 * end_s], ticksuffix=" s", nticks=7, showgrid=False),
        yaxis=look.axis(range=[0, 1.05 * max(float(height.max()), 2.0 * STILL_DPS)], ticksuffix=" dps", nticks=5),
        shapes=[_level(STILL_DPS, look.INK, layer="above")],
    )
    layout["margin"]["l"] = 62
    return {"data": [bars], "layout": layout}


def flex_figure(t: Traces, flexion_deg: Floats) -> look.Figure:
    """Millivolts against the knee angle by the gyros with the fitted curve, and what remains between them below."""
    rows = np.flatnonzero(t.in_fit)
    rows = rows[:: max(1, len(rows) // _MOST_DOTS)]
    mv, angle = t.flex_mv[rows], flexion_deg[rows]
    dot = {"symbol": "circle", "size": 4, "color": look.WITHIN, "opacity": 0.4}
    x = [round(v) for v in mv.tolist()]
    data = [look.dots(x, angle, [f"{v} mV, {a:.0f}°" for v, a in zip(x, angle, strict=True)], dot)]
    low, high = float(mv.min()), float(mv.max())
    whole = t.flex_curve is None
    layout = look.layout(
        300 if whole else 420,
        xaxis=look.axis(
            range=[low - 0.03 * (high - low + 1), high + 0.03 * (high - low + 1)], nticks=6,
            anchor="y" if whole else "y2",
        ),
        yaxis=look.axis(domain=[0.0 if whole else 0.42, 0.94], ticksuffix="°", nticks=6),
        annotations=[_heading("Knee bend by the gyros against flex voltage, mV", 0.96)],
    )  # fmt: skip
    if t.flex_curve is not None:
        at_mv, curve = t.flex_curve
        data.append(look.line(look.rounded(at_mv, 1), curve, look.OVER, width=2.5, hoverinfo="skip"))
        rest = angle - np.interp(mv, at_mv, curve)
        words = [f"{v} mV: {r:+.1f}°" for v, r in zip(x, rest, strict=True)]
        data.append(look.dots(x, rest, words, dot, yaxis="y2"))
        reach = max(3.0, 1.1 * float(np.abs(rest).max()))
        layout["yaxis2"] = look.axis(domain=[0.0, 0.28], range=[-reach, reach], ticksuffix="°", nticks=5)
        layout["shapes"] = [_level(0, look.OVER, yref="y2", dash="solid")]
        layout["annotations"].append(_heading("What remains: gyros minus curve", 0.30))
    return {"data": data, "layout": layout}


def _bottoms(e: Explanation) -> look.Trace:
    marks = [_KINDS[squat.kind] for squat in e.squats]
    depth = np.array([squat.depth_deg for squat in e.squats])
    words = [f"{squat.at_s:.1f} s: {squat.depth_deg:.0f}°, {squat.kind}" for squat in e.squats]
    marker = {"symbol": [m[0] for m in marks], "color": [m[1] for m in marks], "size": 9}
    trace = look.dots([round(s.at_s, 2) for s in e.squats], depth, [f"{d:.0f}°" for d in depth], marker)
    return trace | {
        "mode": "markers+text", "textposition": "top center", "hovertext": words,
        "hovertemplate": "%{hovertext}<extra></extra>",
    }  # fmt: skip


def _level(y: float, colour: str, **more: Any) -> dict[str, Any]:
    style = {"color": colour, "width": 1.5, "dash": more.pop("dash", "dash")}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": style, "layer": "below"} | more


def _band(from_s: float, to_s: float) -> dict[str, Any]:
    sides = {"yref": "paper", "y0": 0, "y1": 1, "x0": round(from_s, 2), "x1": round(to_s, 2)}
    return {"type": "rect", **sides, "fillcolor": look.BAND, "line": {"width": 0}, "layer": "below"}


def _upright(at_s: float) -> dict[str, Any]:
    sides = {"yref": "paper", "y0": 0, "y1": 1, "x0": round(at_s, 2), "x1": round(at_s, 2)}
    return {"type": "line", **sides, "line": {"color": look.INK, "width": 1.5}, "layer": "below"}


def _note(x: float, y: float, text: str, xanchor: str, yanchor: str, colour: str) -> dict[str, Any]:
    return {
        "x": round(x, 2), "y": round(y, 2), "xanchor": xanchor, "yanchor": yanchor, "text": text, "showarrow": False,
        "font": {"color": colour, "size": 13}, "bgcolor": "rgba(252,251,248,0.75)",
    }  # fmt: skip


def _phase(x: float, text: str, xanchor: str) -> dict[str, Any]:
    above = {"yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False}
    return {"x": round(x, 2), "xanchor": xanchor, "text": text, "font": {"color": look.INK, "size": 13}, **above}


def _heading(text: str, y: float) -> dict[str, Any]:
    return {
        "xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": y, "yanchor": "bottom", "text": text,
        "showarrow": False, "font": {"size": 13, "color": look.INK},
    }  # fmt: skip
