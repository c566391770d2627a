"""The main job from end to end: boot, don, run, pull, verify, report."""

from __future__ import annotations

import json
import subprocess
import sys

from kneecore.stride import CUE_MS
from kneesleeve.sessions.reader import open_session


def sleeve(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kneesleeve.cli.main", *words], capture_output=True, text=True, check=False, timeout=120
    )


def test_the_demo_ends_with_an_exact_verdict_a_session_and_a_report(demo):
    result = demo()
    assert result.verdict.verdict == "exact" and result.verdict.exit_code == 0
    assert result.verdict.checked_strides == result.strides > 70
    assert result.over > 3 and result.cues > 3
    session = open_session(result.session)
    assert session.whole and session.duration_s > 85
    assert sum(s[CUE_MS] > 0 for s in session.strides) == result.cues
    page = result.report.read_text()
    assert "<html" in page and f"{result.over} of" in page


def test_the_verb_prints_the_verdict_and_the_report_in_its_last_line(tmp_path):
    done = sleeve("demo", "--out", str(tmp_path), "--seconds", "35")
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith("exact") and str(tmp_path / "report.html") in last


def test_json_has_the_fixed_keys(tmp_path):
    done = sleeve("demo", "--out", str(tmp_path), "--seconds", "35", "--json")
    answer = json.loads(done.stdout)
    assert set(answer) == {"verdict", "session", "report", "strides", "over", "cues", "wall_s"}
    assert answer["verdict"] == "exact"


def test_a_run_too_short_for_a_baseline_still_ends_exact(tmp_path):
    done = sleeve("demo", "--out", str(tmp_path), "--seconds", "10", "--json")
    answer = json.loads(done.stdout)
    assert answer["verdict"] == "exact" and answer["strides"] > 5 and answer["over"] == 0


def test_a_demo_of_no_seconds_is_refused_with_a_hint(tmp_path):
    done = sleeve("demo", "--out", str(tmp_path), "--seconds", "0")
    assert done.returncode == 2 and "Hint:" in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
