"""The numbers for a coach: mean ± SD by kind of stride, and what the sleeve was set to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.report.model import Model
from kneesleeve.report.source import Bools, Floats
from kneesleeve.report.words import number


@dataclass(frozen=True)
class Cell:
    """Mean and standard deviation as text; mean "–" where there is no value, sd "" where there is no spread."""

    mean: str
    sd: str = ""


@dataclass(frozen=True)
class Row:
    """One quantity of all strides, of those inside and of those over the limit."""

    name: str
    unit: str
    all: Cell
    inside: Cell
    over: Cell


def rows(m: Model) -> list[Row]:
    """Mean ± SD of every quantity, over all strides, those inside and those over the limit."""
    s = m.strides
    every = np.ones(len(s), bool)
    inside, over = s.compared & ~s.over, s.over
    quantities = (
        ("Collapse", "°", s.collapse_deg, 2),
        ("Collapse without the rotation term", "°", s.raw_collapse_deg, 2),
        ("Collapse over the usual", "°", s.inward_deg, 2),
        ("Excursion (largest since contact)", "°", s.excursion_deg, 2),
        ("Knee bend at contact", "°", s.flexion_at_ic_deg, 1),
        ("Largest knee bend in stance", "°", s.flexion_peak_deg, 1),
        ("Contact time", "ms", s.contact_ms, 0),
        ("Stride time", "ms", s.stride_s * 1000, 0),
        ("Cadence", "steps/min", s.cadence_spm, 1),
    )
    counts = (Cell(str(int(which.sum()))) for which in (every, inside, over))
    return [Row("Strides", "", *counts)] + [
        Row(name, unit, *(cell(values, which, digits) for which in (every, inside, over)))
        for name, unit, values, digits in quantities
    ]


def cell(values: Floats, which: Bools, digits: int) -> Cell:
    """Mean and SD of the chosen values."""
    there = values[which & ~np.isnan(values)]
    if len(there) == 0:
        return Cell("–")
    sd = number(float(there.std(ddof=1)), digits) if len(there) > 1 else ""
    return Cell(number(float(there.mean()), digits), sd)


def settings(m: Model, params: dict[str, int]) -> list[tuple[str, str]]:
    """What the run was judged by: baseline, threshold, cue settings; name and text."""
    known = m.strides.baseline_deg[~np.isnan(m.strides.baseline_deg)]
    baseline = (
        f"{number(float(known[0]), 2)}° at first, {number(float(known[-1]), 2)}° at the end"
        if len(known)
        else "not set"
    )
    limit = f"{number(m.facts.limit_deg, 2)}° over the baseline" if m.facts.limit_deg else "not set"
    cued = m.strides.cue_ms[m.strides.cued]
    pulses = f"{int(cued.min())}–{int(cued.max())} ms, {int(cued.sum()) / 1000:.1f} s in all" if len(cued) else "none"
    rule = f"{params['cue_k']} of {params['cue_n']} strides" if params["cue_n"] > 1 else "each stride over the limit"
    return [
        ("Baseline (collapse)", baseline),
        ("Threshold", f"{limit}; {params['hysteresis_pct']} % of it right after an over stride"),
        ("Buzz on", ("nothing (quiet)", rule, "steps: a faster cadence")[params["cue_mode"]]),
        ("Run of the faded schedule", str(params["run_number"])),
        ("Buzz lengths", pulses),
        ("IMU clock", f"{m.clock.rate_hz:.2f} Hz (nominal 208)"),
    ]
