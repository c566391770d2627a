"""The page: headline, self-contained, honest where there is nothing to show, written in one step."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kneesleeve.errors import SessionError
from kneesleeve.report import page
from kneesleeve.report.model import build
from kneesleeve.report.page import figures, render, write_report
from kneesleeve.sessions.session import Dropout, Event, Session

from .conftest import hand_made, refused, stride

LOADS = (
    r"""<(?:script|link|img|iframe|source|audio|video)[^>]*\b(?:src|href)\s*=\s*["']?(?!data:)[^"'> ]+"""
    r"""|@import|url\(\s*["']?http"""
)


@dataclass(frozen=True)
class Exact:
    """The outcome of a check."""

    verdict: str = "exact"
    share: float = 0.42


def outside_plotly(text: str) -> str:
    """The page without the bundle, which holds addresses that only maps would load."""
    bundle = page.plotly_js()
    assert text.count(bundle) <= 1
    return text.replace(bundle, "")


@pytest.fixture(scope="session")
def written(real: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(real, tmp_path_factory.mktemp("report") / "run.html", verdict=Exact())


def test_first_line_answers_how_it_went(written: Path) -> None:
    text = written.read_text("utf-8")
    title = re.search(r"<h1>(.*?)</h1>", text)
    assert title is not None
    assert re.fullmatch(
        r"Right knee\. \d+ of \d+ compared strides fell inward more than your limit \(\d+ %\)\.", title[1]
    )


def test_nothing_is_loaded_from_anywhere(written: Path) -> None:
    text = written.read_text("utf-8")
    assert text.count(page.plotly_js()) == 1
    assert not re.search(LOADS, outside_plotly(text), re.I)
    assert "http" not in outside_plotly(text)


def test_stays_small_enough_for_a_phone(written: Path) -> None:
    assert written.stat().st_size < 6_000_000


def test_all_figures_are_there_and_valid(real: Session, written: Path) -> None:
    import plotly.graph_objects as go

    found = figures(build(real))
    assert set(found) == {"inward", "stance", "flexion", "pace", "motion"}
    text = written.read_text("utf-8")
    for name, figure in found.items():
        go.Figure(figure)  # raises for a property that plotly does not know
        embedded = re.search(rf'<script type="application/json" id="data-{name}">(.*?)</script>', text, re.S)
        assert embedded is not None
        assert json.loads(embedded[1]) == json.loads(json.dumps(figure))


def test_times_are_never_taken_for_years(real: Session) -> None:
    """Plotly reads numbers of up to four digits on a date axis as years."""
    for name in ("inward", "pace", "motion"):
        for trace in figures(build(real))[name]["data"]:
            times = [t for t in trace.get("x", [trace.get("x0")]) if t is not None]
            assert min(times) > 10_000


def test_verdict_and_footer(written: Path) -> None:
    text = html.unescape(written.read_text("utf-8"))
    assert "came out exactly equal (42 % of the run could be checked)" in text
    assert "0.1.0+test" in text
    assert "ab12cd" in text


@pytest.mark.parametrize(
    ("session", "says"),
    [
        (
            hand_made([], calibration=refused(3)),
            ("could not get ready", "squats were too shallow", "What to do"),
        ),
        (hand_made([], calibration=None, accepted_batch=-1), ("not put on to the end", "What to do", "stand still")),
        (hand_made([]), ("No running was found", "What to do")),
        (hand_made([stride(i) for i in range(20)]), ("Not judged yet", "15 more strides", "What to do")),
    ],
)
def test_says_why_there_is_nothing_to_show(session: Session, says: tuple[str, ...]) -> None:
    text = html.unescape(render(session, build(session)))
    for words in says:
        assert words in text
    assert 'id="chart-inward"' not in text


def test_no_plots_and_no_bundle_without_strides() -> None:
    session = hand_made([], calibration=refused(1))
    text = render(session, build(session))
    assert 'class="chart"' not in text
    assert len(text) < 30_000


def test_strides_only_give_figures_without_curves() -> None:
    session = hand_made([stride(i) for i in range(60)])
    assert set(figures(build(session))) == {"inward", "pace"}
    assert "strides only, no raw samples" in render(session, build(session))


def test_gaps_are_hatched_and_told(changed: Callable[..., Session]) -> None:
    session = changed(dropouts=[Dropout(2500, 0, 1, 100)], close=None, events=[Event(2500, 5, 5)], losses=["block 3"])
    m = build(session)
    hatched = [t for t in figures(m)["inward"]["data"] if t.get("fillpattern")]
    assert len(hatched) == 1
    text = html.unescape(render(session, m))
    for words in ("1 gap, 0.48 s in all", "no proper end", "FIFO ran over", "Not readable in the file: block 3"):
        assert words in text


def test_words_of_a_file_cannot_become_html() -> None:
    session = hand_made([], meta={"build": "<script>alert(1)</script>", "device": "</main>"})
    text = render(session, build(session))
    assert "<script>alert" not in text
    assert text.count("</main>") == 1


def test_long_runs_are_thinned(real: Session) -> None:
    session = hand_made([stride(i) for i in range(6000)])
    m = build(session)
    assert sum(len(t["x"]) for t in figures(m)["inward"]["data"]) < 2700
    assert "only some of the blue dots" in render(session, m)


def test_written_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = hand_made([])
    path = write_report(session, tmp_path / "new" / "run.html")
    before = path.read_text("utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page.os, "replace", full)
    with pytest.raises(SessionError, match="No space left") as error:
        write_report(hand_made([stride(0)]), path)
    assert error.value.hint
    assert path.read_text("utf-8") == before
    assert [p.name for p in path.parent.iterdir()] == ["run.html"]


def test_a_folder_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "run.html").mkdir()
    with pytest.raises(SessionError, match="cannot be written"):
        write_report(hand_made([]), tmp_path / "run.html")
