"""The numbers for a coach: mean ± SD by kind of stride, and what the sleeve was set to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.report.metronome import QUIET, Metronome
from kneesleeve.report.model import Model
from kneesleeve.report.source import Bools, Floats, Ints
from kneesleeve.report.strides import Strides
from kneesleeve.report.words import ANSWERS, beat_lengths, number


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
    """Counts, and mean ± SD of every quantity, over all strides, those inside and those over the limit."""
    s = m.strides
    every = np.ones(len(s), bool)
    inside, over = s.compared & ~s.over, s.over
    quantities = (
        ("Collapse", "°", s.collapse_deg, 2),
        ("Collapse without the rotation and the crosstalk term", "°", s.raw_collapse_deg, 2),
        ("Collapse over the usual", "°", s.inward_deg, 2),
        ("Excursion (largest since contact)", "°", s.excursion_deg, 2),
        ("Abduction at contact, against the stride's mean", "°", s.abduction_at_ic_deg, 2),
        ("Largest abduction in stance, against the stride's mean", "°", s.abduction_peak_deg, 2),
        ("Time from contact to it", "ms", s.peak_ms, 0),
        ("Shank's range in the frontal plane, stance", "°", s.shank_range_deg, 2),
        ("Thigh's range in the frontal plane, stance", "°", s.thigh_range_deg, 2),
        ("Knee bend at contact", "°", s.flexion_at_ic_deg, 1),
        ("Largest knee bend in stance", "°", s.flexion_peak_deg, 1),
        ("Contact time", "ms", s.contact_ms, 0),
        ("Stride time", "ms", s.stride_s * 1000, 0),
        ("Cadence", "steps/min", s.cadence_spm, 1),
    )
    kinds = (every, inside, over)
    means = [Row(name, unit, *(cell(v, which, digits) for which in kinds)) for name, unit, v, digits in quantities]
    return [_total("Strides", every, kinds), *means, *_odd_samples(s, kinds)]


def _odd_samples(s: Strides, kinds: tuple[Bools, ...]) -> list[Row]:
    return [
        _total("Samples at the end of a sensor's range, in total", s.clipped_samples, kinds),
        _total("Samples lost, in total", s.lost_samples, kinds),
    ]


def _total(name: str, values: Ints | Bools, kinds: tuple[Bools, ...]) -> Row:
    return Row(name, "", *(Cell(str(int(values[which].sum()))) for which in kinds))


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
    return [
        ("Baseline (collapse)", baseline),
        ("Threshold", f"{limit}; {params['hysteresis_pct']} % of it right after an over stride"),
        *_motor(m, params),
        ("IMU clock", f"{m.clock.rate_hz:.2f} Hz (nominal 208)"),
    ]


def _motor(m: Model, params: dict[str, int]) -> list[tuple[str, str]]:
    """What the motor was for, and what it did."""
    if m.metronome is not None:
        return _beats(m.metronome)
    if m.cue_mode == QUIET:
        return [("Buzz on", "nothing (buzzing was off)")]
    cued = m.strides.cue_ms[m.strides.cued]
    pulses = f"{int(cued.min())}–{int(cued.max())} ms, {int(cued.sum()) / 1000:.1f} s in all" if len(cued) else "none"
    rule = f"{params['cue_k']} of {params['cue_n']} strides" if params["cue_n"] > 1 else "each stride over the limit"
    return [("Buzz on", rule), ("Run of the faded schedule", str(params["run_number"])), ("Buzz lengths", pulses)]


def _beats(b: Metronome) -> list[tuple[str, str]]:
    after = f"{number(b.with_spm)} steps/min ({b.strides} strides)" if b.with_spm else "too few strides to tell"
    answer = f"; {ANSWERS[b.answer]}" if b.answer else ""
    return [
        ("Motor beat", f"steps, {number(b.up_permille / 10)} % over the own cadence"),
        ("Own cadence (judged strides 7–34)", _spm(b.own_spm)),
        ("Target cadence", _spm(b.target_spm)),
        ("Beats", f"{b.beats}, {beat_lengths(b)}" if b.beats else "none"),
        ("Cadence after the first beat", after + answer),
    ]


def _spm(cadence: float | None) -> str:
    return "not learnt" if cadence is None else f"{number(cadence)} steps/min"
