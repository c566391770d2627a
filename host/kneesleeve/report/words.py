"""Numbers in plain words: the sentences a runner reads. No claim beyond the wearer's own baseline of this run."""

from __future__ import annotations

import numpy as np

from kneecore import stride as st
from kneesleeve.report.drift import FEWEST, Drift, per_quarter
from kneesleeve.report.metronome import QUIET, Metronome
from kneesleeve.report.model import Facts, Model
from kneesleeve.report.strides import Strides

# reason of the cue decision: what it means, in the words of a runner
REASONS = {
    st.R_CUED: "over your limit, and the sleeve buzzed",
    st.R_WITHIN: "inside your limit: nothing to say",
    st.R_LEARNING: "used to learn your usual movement (the first 34 of a run)",
    st.R_FADED: "over, no buzz: later runs leave out some buzzes on purpose",
    st.R_K_OF_N: "over, no buzz: it waits for several such strides in a row",
    st.R_NO_ROOM: "over, no buzz: no time left before the next step",
    st.R_DUTY: "over, no buzz: it had buzzed enough within a minute",
    st.R_QUIET: "over, no buzz: buzzing was switched off",
    st.R_LATE: "over, no buzz: known too late",
    st.R_CADENCE: "over; the motor beat steps and does not answer single strides",
    st.R_UNJUDGED: "not judged: a sensor reached the end of its range",
}
# how the cadence with the beats compares, in the words of a runner
ANSWERS = {
    "on": "within two steps a minute of the target",
    "nearer": "nearer to the target than your own",
    "same": "about as far from the target as your own",
    "further": "further from the target than your own",
}
_QUANTITIES = {
    "collapse_deg": ("The inward movement of your knee", "°", 1),
    "flexion_peak_deg": ("How far your knee bends in stance", "°", 1),
    "cadence_spm": ("Your cadence", " steps a minute", 1),
    "contact_ms": ("Your contact time", " ms", 1),
}


def number(value: float, digits: int = 1) -> str:
    """With a true minus sign, and no minus before zero."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.replace("-", "")


def percent(share: float) -> str:
    """Whole percent, but neither 0 % nor 100 % where it is not quite that."""
    if 0 < share < 0.01:
        return "under 1 %"
    return "over 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def duration(seconds: float) -> str:
    """3 min 12 s, 48 s, 1 h 4 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def clock(seconds: float) -> str:
    """3:07, 1:02:07."""
    s = max(round(seconds), 0)
    return f"{s // 3600}:{s // 60 % 60:02d}:{s % 60:02d}" if s >= 3600 else f"{s // 60}:{s % 60:02d}"


def count(n: int, one: str, many: str = "") -> str:
    """1 stride, 2 strides."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def headline(f: Facts) -> str:
    """How did it go? One sentence or two."""
    knee = f"{f.leg.capitalize()} knee. "
    if f.state == "judged":
        if f.over == 0:
            return knee + f"None of {count(f.compared, 'compared stride')} fell inward more than your limit."
        share = percent(f.over_share or 0)
        return knee + f"{f.over} of {f.compared} compared strides fell inward more than your limit ({share})."
    return knee + {
        "learning": "Not judged yet: this run was too short to learn what is usual for you.",
        "no_strides": "No running was found in this recording.",
        "refused": "The sleeve could not get ready, so this run was not judged.",
        "unfinished": "The sleeve was not put on to the end, so this run was not judged.",
    }[f.state]  # fmt: skip


def lead(m: Model) -> str:
    """What follows the headline: how long, how quick, how far, how often it buzzed."""
    f = m.facts
    if not f.strides:
        return _nothing_seen(m)
    pace = f" at {number(f.cadence_spm, 0)} steps a minute" if f.cadence_spm else ""
    parts = [f"You ran for {duration(f.running_s)}{pace}."]
    if f.over:
        far = f"the knee typically came {number(f.median_over_deg or 0)}° further inward than your usual"
        which = "those strides" if f.over > 1 else "that stride"
        parts.append(f"On {which} {far}; your limit in this run was {number(f.limit_deg or 0)}°.")
    parts += _motor(m)
    if when(m.strides):
        parts.append(when(m.strides))
    return " ".join(parts)


def _nothing_seen(m: Model) -> str:
    if m.donning.why:
        return f"Why: {m.donning.why}."
    return "The sleeve was ready, but no stride looked like running; walking, standing and squats do not count."


def _motor(m: Model) -> list[str]:
    """What the motor did, as it was set for this run."""
    if m.metronome is not None:
        return _beats(m.metronome)
    if m.cue_mode == QUIET:
        return ["Buzzing was switched off."]
    return [_buzzes(m.facts)] if m.facts.over else []


def _beats(b: Metronome) -> list[str]:
    """The metronome: its pace, how often it beat, and whether the runner came nearer to it."""
    if b.own_spm is None or b.target_spm is None:
        return ["The metronome did not start: it first learns your own cadence, for 34 judged strides."]
    target, up, own = number(b.target_spm, 0), number(b.up_permille / 10), number(b.own_spm, 0)
    pace = f"{target} steps a minute, {up} % over your own {own}"
    if not b.beats:
        return [f"The metronome was set to {pace}, but no beat is recorded."]
    found = [f"The metronome beat {count(b.beats, 'step')} ({beat_lengths(b)}) at {pace}."]
    if b.with_spm is not None and b.answer:
        found.append(f"With it you ran at {number(b.with_spm, 0)}: {ANSWERS[b.answer]}.")
    return found


def beat_lengths(b: Metronome) -> str:
    """40 ms each, 38 to 40 ms."""
    return f"{b.shortest_ms} ms each" if b.shortest_ms == b.longest_ms else f"{b.shortest_ms} to {b.longest_ms} ms"


def _buzzes(f: Facts) -> str:
    if f.cues == f.over:
        return "The sleeve buzzed after each of them." if f.over > 1 else "The sleeve buzzed after it."
    if f.cues == 0:
        return "The sleeve did not buzz."
    return "The sleeve buzzed once." if f.cues == 1 else f"The sleeve buzzed {f.cues} times."


def when(strides: Strides) -> str:
    """Where in the run the over-strides were, if three quarters of a dozen or more were in one half; else nothing."""
    compared = np.flatnonzero(strides.compared)
    over = strides.over[compared]
    if over.sum() < 12:
        return ""
    late = over[len(over) // 2 :].sum() / over.sum()
    if late >= 0.75:
        return "Most of them came in the second half."
    return "Most of them came in the first half." if late <= 0.25 else ""


def drift_sentences(m: Model) -> list[str]:
    """First against last quarter, a sentence each; one that says why where the run is too short."""
    sentences = [_drift(*_QUANTITIES[name], found) for name, found in m.drifts.items() if found]
    if sentences:
        return sentences
    have = per_quarter(m.strides.collapse_deg)
    return [
        f"This run is too short to tell: a comparison of the first with the last quarter takes {FEWEST} good strides "
        f"in each (about 10 minutes of running), and here there are {have}."
    ]


def _drift(name: str, unit: str, digits: int, d: Drift) -> str:
    """A word for a clear change, the means of both quarters, their difference with its interval."""
    word = "more at the end" if d.change > 0 else "less at the end"
    means = f"{number(d.first, digits)} in the first quarter, {number(d.last, digits)}{unit} in the last"
    span = f"difference {number(d.change, digits)}, 95 % interval {number(d.low, digits)} to {number(d.high, digits)}"
    return f"{name}: {word if d.clear else 'no clear change'}. {means} ({span})."
