"""What stands in the page besides figures: tiles, notes, lists, footer. Text and numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np

from kneecore import fault_table
from kneecore.records import E_FAULT
from kneesleeve.report.calibration import Donning
from kneesleeve.report.metronome import QUIET
from kneesleeve.report.model import Model
from kneesleeve.report.source import SessionLike, VerdictLike
from kneesleeve.report.timeline import in_windows
from kneesleeve.report.words import REASONS, clock, count, duration, number, percent
from kneesleeve.sessions.when import in_words

_VERDICTS = {
    "exact": "The computer worked out all results a second time from the raw samples, and they came out exactly equal",
    "differs": "What the computer worked out again differs from the sleeve's results; do not rely on this run",
    "unverifiable": "The results could not be worked out a second time from what was recorded",
}


def tiles(m: Model) -> list[tuple[str, str]]:
    """Big number and what it is."""
    f = m.facts
    found: list[tuple[str, str]] = []
    if f.state == "judged":
        found.append((percent(f.over_share or 0.0), f"over your limit ({f.over} of {f.compared})"))
        found += _motor_tile(m)
    if f.strides:
        unit = "hours" if f.running_s >= 3600 else "minutes"
        found.append((clock(f.running_s), f"{unit} of running ({count(f.strides, 'stride')})"))
    if f.cadence_spm:
        found.append((number(f.cadence_spm, 0), "steps a minute"))
    if f.contact_ms:
        found.append((f"{number(f.contact_ms, 0)} ms", "foot on the ground"))
    return found


def _motor_tile(m: Model) -> list[tuple[str, str]]:
    """Buzzes or beats; nothing where buzzing was off."""
    if m.metronome is not None:
        b = m.metronome
        return [(str(b.beats), f"{'beat' if b.beats == 1 else 'beats'} of the metronome")]
    return [] if m.cue_mode == QUIET else [(str(m.facts.cues), "buzz" if m.facts.cues == 1 else "buzzes")]


def what_to_do(m: Model) -> str:
    """The next step where a run was not judged; "" where it was."""
    state = m.facts.state
    if state == "learning":
        missing = 35 - m.facts.judged
        return (
            "The sleeve compares you with yourself, and first learns what is usual for you: 34 judged strides, about "
            f"half a minute of steady running. It needed {count(max(missing, 1), 'more stride')} here. "
            "Just run a little longer."
        )
    if state == "no_strides":
        return "Run for at least a minute after the squats. If you did, check that both sensors sit at the marks."
    return m.donning.advice if state in {"refused", "unfinished"} else ""


def reason_rows(m: Model) -> list[tuple[int, str]]:
    """How many strides, and why they were answered as they were; most frequent first."""
    found = [(n, REASONS.get(code, f"reason {code}, not known to this toolkit")) for code, n in m.reasons.items()]
    return sorted(found, reverse=True)


def donning_sentences(d: Donning) -> list[str]:
    """What the donning found, in words."""
    if d.status == "given":
        return ["The calibration was handed to the sleeve; it was not found by a donning in this recording."]
    if d.status != "accepted":
        return [] if not d.squats else [f"{count(d.squats, 'good squat')} seen."]
    flex = (
        "The flex sensor was matched to the knee angle."
        if d.has_flex
        else "The flex sensor could not be used: the knee angle comes from the motion sensors, its level is a guess."
    )
    return [
        f"Quality {d.quality} of 100: {d.word}. {d.advice}",
        f"{count(d.squats, 'good squat')} seen. {flex}",
        f"The thigh sensor sat {number(d.thigh_turn_deg, 0)}° from straight, the shank sensor "
        f"{number(d.shank_turn_deg, 0)}°. That was measured and taken into account.",
    ]


def recording_notes(session: SessionLike, m: Model) -> list[str]:
    """Gaps, losses, faults and an unclosed end, in words; the good news where there is nothing."""
    notes = []
    if m.gaps:
        notes.append(
            f"{count(m.facts.gaps, 'gap')}, {m.facts.missing_s:.2f} s in all, hatched in the figures: {_causes(m)}."
        )
    elif in_windows(session) and len(session.drained):
        share = np.count_nonzero(session.drained.n_shank) / max(1, len(session.drained))
        notes.append(
            f"Samples were recorded around the buzzes only, {percent(share)} of the time: the pictures of the knee "
            "show these moments. Every stride was recorded."
        )
    elif len(session.drained):
        notes.append("No gaps: every sample of the recording is there.")
    else:
        notes.append("This recording holds strides only, no raw samples: curves and angles cannot be drawn.")
    if not session.closed:
        notes.append(
            "The recording has no proper end (power or storage gave out); all up to its last good record is used."
        )
    shown = [str(loss) for loss in session.losses[:5]]
    if shown:
        notes.append("Not readable in the file: " + "; ".join(shown) + (" …" if len(session.losses) > 5 else "") + ".")
    return notes + [fault_sentence(int(event[2])) for event in session.events if event[1] == E_FAULT]


def fault_sentence(code: int) -> str:
    """A fault in words with what to do."""
    _, meaning, advice = fault_table.TABLE.get(code, ("", f"fault {code}, not known to this toolkit", ""))
    return f"The sleeve reported: {meaning}" + (f"; {advice}." if advice else ".")


def verdict_sentence(verdict: VerdictLike | None) -> str:
    """The outcome of `verify` in words; "" where it was not run."""
    if verdict is None:
        return ""
    share = getattr(verdict, "share", getattr(verdict, "checked_share", None))
    words = _VERDICTS.get(verdict.verdict, f"The check said: {verdict.verdict}")
    return words + (f" ({percent(share)} of the run could be checked)." if share is not None else ".")


def footer(session: SessionLike, m: Model) -> list[tuple[str, str]]:
    """What this is a report of, and by what it was made."""
    meta: Mapping[str, Any] = session.meta
    found = [
        ("Session", meta.get("session")),
        ("Sleeve", meta.get("device")),
        ("When", in_words(session.started, m.facts.duration_s)),
        ("Recording", f"{duration(m.facts.duration_s)}, file {session.path.name}"),
        ("Firmware", meta.get("build")),
        ("Detector", meta.get("detector")),
        ("Toolkit", toolkit_version()),
    ]
    return [(name, str(value)) for name, value in found if value is not None]


def toolkit_version() -> str:
    """Version of the installed toolkit."""
    try:
        return f"kneesleeve {metadata.version('kneesleeve')}"
    except metadata.PackageNotFoundError:
        return "kneesleeve, from a source tree"


def _causes(m: Model) -> str:
    kinds: dict[str, int] = {}
    for gap in m.gaps:
        kinds[gap.cause] = kinds.get(gap.cause, 0) + 1
    return ", ".join(cause if n == 1 else f"{cause} ({n}×)" for cause, n in kinds.items())
