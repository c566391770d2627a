"""Sentences: right in number and sign, and within what may be claimed."""

from __future__ import annotations

import re

import pytest

from kneecore import stride as st
from kneesleeve.report import words
from kneesleeve.report.calibration import donning, turn_deg
from kneesleeve.report.model import build
from kneesleeve.report.page import render
from kneesleeve.report.sections import donning_sentences

from .conftest import hand_made, refused, stride

FORBIDDEN = r"diagnos|prevent|treat(?!s)|patholog|abnormal|valgus|risk|PFP|ACL|injury-free"


def overs(*rows: int, **fields: int) -> list[tuple[int, ...]]:
    strides = [stride(i) for i in range(100)]
    for i in rows:
        strides[i] = stride(i, over=1, collapse_mdeg=5000, reason=st.R_CUED, cue_ms=200, cue_batch=1500 + i, **fields)
    return strides


def test_headline_counts() -> None:
    m = build(hand_made(overs(50, 60, 70)))
    assert words.headline(m.facts) == ("Left knee. 3 of 66 compared strides fell inward more than your limit (5 %).")
    assert "4.0° further inward than your usual; your limit in this run was 2.0°" in words.lead(m)
    assert "The sleeve buzzed after each of them." in words.lead(m)


def test_headline_without_any() -> None:
    m = build(hand_made(overs()))
    assert words.headline(m.facts) == "Left knee. None of 66 compared strides fell inward more than your limit."
    assert "buzz" not in words.lead(m)


def test_most_in_the_second_half() -> None:
    assert "second half" in words.lead(build(hand_made(overs(*range(80, 94)))))
    assert "first half" in words.lead(build(hand_made(overs(*range(40, 54)))))
    assert "half" not in words.lead(build(hand_made(overs(*range(40, 100, 4)))))


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.001, "under 1 %"), (0.054, "5 %"), (0.999, "over 99 %"), (1, "100 %")]
)
def test_percent(share: float, text: str) -> None:
    assert words.percent(share) == text


def test_numbers() -> None:
    assert words.number(-0.04) == "0.0"
    assert words.number(-1.26) == "−1.3"
    assert [words.duration(s) for s in (48.2, 180, 192, 3900)] == ["48 s", "3 min", "3 min 12 s", "1 h 5 min"]
    assert words.clock(3727) == "1:02:07"


def test_every_reason_has_words() -> None:
    assert set(words.REASONS) == set(range(len(st.REASON_NAMES)))


@pytest.mark.parametrize("reason", range(1, 8))
def test_every_refusal_says_why_and_what_to_do(reason: int) -> None:
    found = donning(hand_made([], calibration=refused(reason)))
    assert found.status == "refused"
    assert len(found.why) > 15
    assert found.advice.endswith(".")


def test_an_accepted_donning_in_words() -> None:
    text = " ".join(donning_sentences(donning(hand_made([]))))
    assert "Quality 91 of 100: good." in text
    assert "5 good squats" in text
    assert turn_deg(((8192, 0, 0), (0, 0, -8192), (0, 8192, 0))) == pytest.approx(90)


def test_a_given_calibration_is_called_so() -> None:
    session = hand_made([], meta={"calibration_given": [0] * 32})
    assert "not found by a donning" in donning_sentences(donning(session))[0]


def test_no_claim_beyond_the_evidence() -> None:
    for session in (hand_made(overs(50)), hand_made([], calibration=refused(1)), hand_made([stride(0)])):
        text = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", render(session, build(session)), flags=re.S)
        assert not re.search(FORBIDDEN, text, re.I)
        assert "no medical device" in text
        assert "about 3°" in text
