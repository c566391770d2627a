"""A run with the metronome, and one with the motor off: their own sentences and rows instead of buzzes."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import pytest

from kneecore import params as schema
from kneecore import stride as st
from kneecore.records import E_BEAT
from kneesleeve.report import coach, words
from kneesleeve.report.model import build
from kneesleeve.report.page import figures, render
from kneesleeve.report.run_figures import inward_figure
from kneesleeve.report.sections import tiles
from kneesleeve.sessions.session import Event, Session

from .conftest import hand_made, stride

OWN_SAMPLES = 150
OWN_SPM = 120 * 208 / OWN_SAMPLES
TARGET_SPM = OWN_SPM * 1.075


def in_mode(cue_mode: int, with_samples: int = 150, n: int = 100, beats: int = 80, **fields: Any) -> Session:
    """n strides of 150 samples up to the 37th, then of `with_samples`; two over the limit; beats from the 35th on."""
    rows, ic = [], 6000
    for i in range(n):
        p = OWN_SAMPLES if i < 37 else with_samples
        ic += p
        more = {"over": 1, "collapse_mdeg": 5000, "reason": (st.R_QUIET, 0, st.R_CADENCE)[cue_mode]} if i > 97 else {}
        batch = (ic + 57) * 25 // 104 + 1
        rows.append(stride(i, ic=ic, to=ic + 52, batch=batch, stride_samples=p, **more))
    first = rows[34][st.BATCH] if n > 34 else 0
    events = [Event(first + 17 * j, E_BEAT, 64 * 600 * j + 40) for j in range(beats)] if cue_mode == 2 else []
    return hand_made(rows, params=schema.defaults() | {"cue_mode": cue_mode}, events=events, **fields)


def lead_and_page(session: Session) -> tuple[str, str]:
    m = build(session)
    text = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", render(session, m), flags=re.S)
    return words.lead(m), html.unescape(text)


def settings(session: Session) -> dict[str, str]:
    return dict(coach.settings(build(session), dict(session.params)))


def stepping(row: tuple[int, ...], samples: int) -> tuple[int, ...]:
    return tuple(samples if j == st.STRIDE_SAMPLES else v for j, v in enumerate(row))


def test_the_numbers_of_a_metronome() -> None:
    b = build(in_mode(2, with_samples=141)).metronome
    assert b is not None
    assert (b.own_spm, b.target_spm) == (pytest.approx(OWN_SPM), pytest.approx(TARGET_SPM))
    assert (b.beats, b.shortest_ms, b.longest_ms) == (80, 40, 40)
    assert b.with_spm == pytest.approx(120 * 208 / 141)
    assert b.strides == 64  # contacts of both its ends after the first beat: the 36th is the first such stride


def test_own_cadence_is_that_of_judged_strides_7_to_34() -> None:
    session = in_mode(2)
    rows = [
        stepping(row, 100 if i < 7 else 140 if i < 21 else 150 if i < 35 else 240)
        for i, row in enumerate(session.strides)
    ]
    rows[0] = tuple(0 if j == st.JUDGED else v for j, v in enumerate(rows[0]))  # so that row 7 is the 7th judged stride
    b = build(replace(session, strides=rows)).metronome
    assert b is not None
    assert b.own_spm == pytest.approx(120 * 208 / 145)


@pytest.mark.parametrize(
    ("with_samples", "answer"), [(140, "on"), (145, "nearer"), (150, "same"), (155, "further"), (120, "further")]
)
def test_whether_the_cadence_came_nearer_to_the_target(with_samples: int, answer: str) -> None:
    session = in_mode(2, with_samples=with_samples)
    b = build(session).metronome
    assert b is not None
    assert b.answer == answer
    assert words.ANSWERS[answer] in words.lead(build(session))


def test_the_page_of_a_metronome_speaks_of_beats_and_not_of_buzzes() -> None:
    session = in_mode(2, with_samples=145)
    lead, text = lead_and_page(session)
    assert "The metronome beat 80 steps (40 ms each) at 179 steps a minute, 7.5 % over your own 166." in lead
    assert "With it you ran at 172: nearer to the target than your own." in lead
    assert ("80", "beats of the metronome") in tiles(build(session))
    assert "The beats give a pace" in text
    for wrong in ("buzz", "in the swing"):
        assert wrong not in re.sub(r"Buzzing|<dt>Buzz", "", text), wrong


def test_the_rows_of_a_metronome() -> None:
    rows = settings(in_mode(2, with_samples=145))
    assert rows["Own cadence (judged strides 7–34)"] == "166.4 steps/min"
    assert rows["Target cadence"] == "178.9 steps/min"
    assert rows["Beats"] == "80, 40 ms each"
    assert rows["Cadence after the first beat"].startswith("172.1 steps/min (64 strides); nearer")
    assert not any("uzz" in name or "faded" in name for name in rows)


def test_a_metronome_that_never_started() -> None:
    lead, _ = lead_and_page(in_mode(2, n=20, beats=0))
    assert "did not start" in lead
    assert settings(in_mode(2, n=20, beats=0))["Target cadence"] == "not learnt"


def test_beats_that_are_not_recorded() -> None:
    lead, _ = lead_and_page(in_mode(2, beats=0))
    assert "no beat is recorded" in lead
    assert "With it" not in lead


def test_too_few_strides_with_the_beats_tell_nothing() -> None:
    session = in_mode(2, with_samples=140, n=44)
    assert "With it" not in words.lead(build(session))
    assert settings(session)["Cadence after the first beat"] == "too few strides to tell"


def test_buzzing_was_off() -> None:
    session = in_mode(0)
    lead, text = lead_and_page(session)
    assert "Buzzing was switched off." in lead
    assert "did not buzz" not in text
    assert "in the swing" not in text
    assert not any("buzz" in name for _, name in tiles(build(session)))
    assert settings(session)["Buzz on"] == "nothing (buzzing was off)"
    assert "Buzz lengths" not in settings(session)


def test_the_buzz_keeps_its_words() -> None:
    session = in_mode(1)
    lead, text = lead_and_page(session)
    assert "The sleeve did not buzz." in lead
    assert "in the swing" in text
    assert "over your limit, no buzz" in text
    assert settings(session)["Buzz lengths"] == "none"
    assert build(session).metronome is None


@pytest.mark.parametrize(("cue_mode", "says"), [(0, False), (1, True), (2, False)])
def test_marks_say_no_buzz_only_where_one_could_have_come(cue_mode: int, says: bool) -> None:
    marks = [t for trace in inward_figure(build(in_mode(cue_mode)))["data"] for t in trace.get("text", [])]
    assert any("over your limit" in mark for mark in marks)
    assert any("no buzz" in mark for mark in marks) == says


def test_the_pace_figure_shows_the_target(paced: Session) -> None:
    m = build(paced)
    assert m.metronome is not None
    assert m.metronome.target_spm is not None
    figure = figures(m)["pace"]
    lines = [t for t in figure["data"] if t.get("line", {}).get("dash") == "dash"]
    assert [t["y"] for t in lines] == [[round(m.metronome.target_spm, 2)] * 2]
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < m.metronome.target_spm < high


def test_a_whole_run_with_a_metronome(paced: Session) -> None:
    """The built-in runner keeps to its own cadence."""
    b = build(paced).metronome
    assert b is not None
    assert b.own_spm == pytest.approx(170, abs=3)
    assert b.target_spm == pytest.approx(1.075 * (b.own_spm or 0))
    assert b.beats > 60
    assert b.answer == "same"
