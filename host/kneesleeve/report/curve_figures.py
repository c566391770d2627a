"""Mean curves: flexion over the cycle, inward movement over stance."""

from __future__ import annotations

from typing import Any

import numpy as np

from kneesleeve.report import look
from kneesleeve.report.curves import Curve, Curves

_PERCENT = list(range(101))


def flexion_figure(c: Curves) -> look.Figure:
    """Knee flexion from contact to the next contact, mean ± SD, with the moment of toe-off."""
    low, high = _range(c.flexion_within, c.flexion_over)
    toe_off = round(100 * c.stance_share)
    return _curves_figure(c.flexion_within, c.flexion_over, low, high, _mark(toe_off, "foot leaves the ground"))


def stance_figure(c: Curves) -> look.Figure:
    """Inward movement from contact to toe-off relative to contact; the part that is judged is shaded."""
    low, high = _range(c.inward_within, c.inward_over)
    judged = {
        "type": "rect", "x0": 30, "x1": 75, "yref": "paper", "y0": 0, "y1": 1, "fillcolor": "rgba(138,148,157,0.13)",
        "line": {"width": 0}, "layer": "below",
    }  # fmt: skip
    words = {
        "x": 52.5, "yref": "paper", "y": 1, "yanchor": "top", "text": "judged part", "showarrow": False,
        "font": {"size": 13, "color": look.FAINT},
    }  # fmt: skip
    return _curves_figure(c.inward_within, c.inward_over, low, high, ([judged], [words]))


def _curves_figure(within: Curve | None, over: Curve | None, low: float, high: float, marks: Any) -> look.Figure:
    data = _with_band(within, look.WITHIN, "rgba(0,114,178,0.18)", "solid", "inside your limit")
    data += _with_band(over, look.OVER, "rgba(213,94,0,0.18)", "dash", "over your limit")
    shapes, annotations = marks
    layout = look.layout(
        300,
        hovermode="x unified",
        xaxis=look.axis(range=[0, 100], ticksuffix=" %", tickvals=[0, 25, 50, 75, 100], showgrid=False),
        yaxis=look.axis(range=[low, high], ticksuffix="°", nticks=6),
        shapes=shapes,
        annotations=annotations,
    )
    return {"data": data, "layout": layout}


def _with_band(curve: Curve | None, colour: str, fill: str, dash: str, name: str) -> list[look.Trace]:
    if curve is None:
        return []
    template = f"{name}: %{{y:.1f}}°<extra></extra>"
    mean = look.line(_PERCENT, curve.mean_deg, colour, width=2.5, dash=dash, hovertemplate=template)
    if curve.sd_deg is None:
        return [mean]
    outline = np.concatenate((curve.mean_deg + curve.sd_deg, (curve.mean_deg - curve.sd_deg)[::-1]))
    band = look.line(
        [*_PERCENT, *_PERCENT[::-1]], outline, colour, width=0, fill="toself", fillcolor=fill, hoverinfo="skip"
    )
    return [band, mean]


def _range(*found: Curve | None) -> tuple[float, float]:
    spread = [(c.mean_deg, c.sd_deg if c.sd_deg is not None else 0.0) for c in found if c is not None]
    low, high = min(float((m - s).min()) for m, s in spread), max(float((m + s).max()) for m, s in spread)
    room = 0.08 * (high - low)
    return low - room, high + 2 * room


def _mark(x: int, text: str) -> tuple[list[Any], list[Any]]:
    style = {"color": look.FAINT, "width": 1, "dash": "dot"}
    shape = {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 0.92, "line": style}
    words = {
        "x": x, "yref": "paper", "y": 1, "yanchor": "top", "text": text, "showarrow": False,
        "font": {"size": 13, "color": look.FAINT},
    }  # fmt: skip
    return [shape], [words]
