"""`sleeve calibrate --explain`: terminal, JSON, page, sessions, bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kneecore import params
from kneesleeve import reference
from kneesleeve.cli.main import app
from kneesleeve.recordings import Drained, Recording, save
from kneesleeve.report import page
from kneesleeve.report.calibration_figures import calibration_figures
from kneesleeve.report.calibration_page import render
from kneesleeve.sessions.raw import first_batches

from .conftest import Write, explained, runner, upside_down

LOADS = r"""<(?:script|link|img|iframe)[^>]*\b(?:src|href)\s*=\s*["']?(?!data:)[^"'> ]+|@import|url\(|http"""


@pytest.fixture
def recording(good: Recording, tmp_path: Path) -> Path:
    save(good, None, tmp_path / "runner.npz")
    return tmp_path / "runner.npz"


def sleeve(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["calibrate", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def test_terminal_answers_in_its_first_line_and_writes_nothing(recording: Path) -> None:
    code, out, _ = sleeve("--explain", recording)
    assert code == 0
    assert re.match(r"Accepted, quality \d+ of 100: five squats, ", out)
    assert re.search(r"\n +5 +2[34]\.\d +\d\d  good\n", out) and "it sits" in out and "z_to_vertical_deg" in out
    assert list(recording.parent.iterdir()) == [recording]


def test_json_and_page(recording: Path) -> None:
    code, out, _ = sleeve("--explain", recording, "--json", "-o", recording.parent)
    told = json.loads(out)
    assert code == 0
    assert (told["status"], told["side"], len(told["squats"]), len(told["record"])) == ("accepted", "R", 5, 32)
    assert told["page"] == str(recording.parent / "runner-calibration.html")
    assert told["headline"] in Path(told["page"]).read_text("utf-8")


def test_the_page_never_replaces_its_source(recording: Path) -> None:
    before = recording.read_bytes()
    assert sleeve("--explain", recording, "-o", recording)[0] == 2
    assert recording.read_bytes() == before


def test_other_leg(recording: Path) -> None:
    assert json.loads(sleeve("--explain", recording, "-p", "side=0", "--json")[1])["record"][2] == 1


def test_session_is_compared_with_what_the_sleeve_recorded(good_drained: Drained, write_session: Write) -> None:
    record, batch = reference.calibrate(good_drained, params.defaults() | {"side": 1})
    assert record is not None
    code, out, _ = sleeve("--explain", write_session(good_drained, record, batch))
    assert code == 0 and "The sleeve recorded exactly this" in out
    code, out, _ = sleeve("--explain", write_session(good_drained, (*record[:26], record[26] + 1, *record[27:]), batch))
    assert code == 1 and f"mv0: recorded {record[26] + 1}, recomputed {record[26]}" in out


def test_session_whose_samples_end_in_the_donning(good_drained: Drained, write_session: Write) -> None:
    record, batch = reference.calibrate(good_drained, params.defaults() | {"side": 1})
    hole = first_batches(good_drained, 900)
    code, out, _ = sleeve("--explain", write_session(hole, None, 0))
    assert code == 0 and out.startswith("Not finished: the recording ends after 18.0 s")
    code, out, _ = sleeve("--explain", write_session(good_drained, record, batch, dropout=500))
    assert code == 3 and out.startswith("Not explained. The sleeve recorded quality ")
    given = write_session(hole, None, 0, calibration_given=record)
    assert sleeve("--explain", given)[0] == 4


def test_bad_input(tmp_path: Path, good_drained: Drained, write_session: Write) -> None:
    (tmp_path / "words.txt").write_text("hello")
    (tmp_path / "bad.npz").write_text("hello")
    (tmp_path / "bad.sleeve").write_text("hello")
    for words, code, said in (
        ((), 2, "sleeve calibrate --explain"),
        (("--explain", tmp_path / "none.npz"), 4, "no file"),
        (("--explain", tmp_path), 4, "folder"),
        (("--explain", tmp_path / "words.txt"), 4, "neither a recording nor a session"),
        (("--explain", tmp_path / "bad.npz"), 4, "not a readable .npz"),
        (("--explain", tmp_path / "bad.sleeve"), 4, "bad.sleeve"),
        (("--explain", write_session(first_batches(good_drained, 0), None, 0, name="empty")), 4, "no raw samples"),
        (("--explain", write_session(first_batches(good_drained, 9), None, 0), "-p", "side=0"), 2, "own parameters"),
    ):
        found, out, err = sleeve(*words)
        assert (found, out) == (code, ""), (words, err)
        assert said in err and "Hint: " in err and "Traceback" not in err


def test_page_is_whole_and_loads_nothing(good: Recording) -> None:
    e = explained(good)
    text = render(e)
    assert text.count(page.plotly_js()) == 1
    assert not re.search(LOADS, text.replace(page.plotly_js(), ""), re.I)
    assert set(calibration_figures(e)) == {"knee", "flex"}
    assert "How the sensors sit" in text and "Where the quality comes from" in text


def test_page_of_a_refusal_shows_where_it_failed() -> None:
    moved = explained(runner(stand_s=1.0, squats=14)[0])
    assert set(calibration_figures(moved)) == {"still"} and "Stand still" in render(moved)
    shallow = explained(runner(squat_depth_deg=35.0, settle_s=6.0)[0])
    assert "good from 45°" in json.dumps(calibration_figures(shallow)["knee"], ensure_ascii=False)
    assert "with its top down" in render(explained(upside_down(runner()[0])))


def test_figures_are_valid(good: Recording) -> None:
    import plotly.graph_objects as go

    found = calibration_figures(explained(good)) | calibration_figures(explained(runner(stand_s=1.0, squats=14)[0]))
    for figure in found.values():
        go.Figure(figure)  # raises for a property that plotly does not know
        json.dumps(figure, allow_nan=False)
