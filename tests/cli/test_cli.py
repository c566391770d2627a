"""The command line as a user meets it: stdout, stderr and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runs import Done, Run, failed  # pyright: ignore[reportMissingImports]
from fake_sleeve import FakeSleeve  # pyright: ignore[reportMissingImports]
from session_files import SessionFile, run_session  # pyright: ignore[reportMissingImports]

from kneesleeve.cli import info
from kneesleeve.cli.verbs import VERBS

DATA = run_session(300).data()


def in_a_process(code: str) -> Done:
    """Python code that may call `main.main()` with `main.sys.argv` set."""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=20)
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def fake() -> Iterator[FakeSleeve]:
    with FakeSleeve({3: run_session(50, session_id=3).data(), 7: DATA}) as fake:
        yield fake


# the frame


def test_help_lists_every_verb(sleeve: Run) -> None:
    done = sleeve("--help")
    assert done.returncode == 0 and all(f"  {verb} " in done.stdout for verb in VERBS)


def test_help_imports_nothing_heavy() -> None:
    code = """import sys
from kneesleeve.cli import main
try: main.app(["--help"], prog_name="sleeve")
except SystemExit: pass
print([m for m in ("numpy", "serial", "mpremote", "rich", "plotly", "jinja2", "littlefs") if m in sys.modules])"""
    done = in_a_process(code)
    assert done.stdout.splitlines()[-1] == "[]"


def test_talking_to_a_sleeve_needs_no_numpy() -> None:
    code = (
        "import sys, kneesleeve.cli.pull, kneesleeve.cli.info, kneesleeve.cli.sessions; print('numpy' in sys.modules)"
    )
    assert in_a_process(code).stdout == "False\n"


def test_version(sleeve: Run) -> None:
    done = sleeve("--version")
    assert done.returncode == 0 and done.stdout.startswith("sleeve ")


@pytest.mark.parametrize("words", [["nonsense"], ["verify"], ["verify", "--nonsense", "x"], ["pull", "seven"], []])
def test_wrong_usage_is_2(sleeve: Run, words: list[str]) -> None:
    done = sleeve(*words)
    assert done.returncode == 2 and "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["info", "sessions", "pull", "verify"])
def test_each_verb_has_help(sleeve: Run, verb: str) -> None:
    done = sleeve(verb, "--help")
    assert done.returncode == 0 and "--json" in done.stdout


def test_ctrl_c_is_130(sleeve: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(device: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(info, "connect", stop)
    assert sleeve("info") == Done(130, "", "Error: Stopped.\n")


def test_the_unexpected_is_one_line(sleeve: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "connect", None)
    failed(sleeve("info"), 1, "TypeError")


def test_the_unexpected_shows_its_traceback_on_demand(sleeve: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "connect", None)
    monkeypatch.setenv("SLEEVE_DEBUG", "1")
    done = sleeve("info")
    assert done.returncode == 1 and "Traceback" in done.stderr and "report" in done.stderr


def test_a_verb_whose_module_is_missing_is_not_built_yet(sleeve: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERBS, "juggle", "Juggle sleeves.")
    failed(sleeve("juggle", "--high"), 2, "not built yet")


def test_a_verb_that_cannot_import_something_else_says_what(sleeve: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kneesleeve.services.pull", None)
    monkeypatch.delitem(sys.modules, "kneesleeve.cli.pull", raising=False)
    done = sleeve("pull")
    assert done.returncode == 1 and "kneesleeve.services.pull" in done.stderr and "not built" not in done.stderr


# finding a sleeve


def test_no_such_port_is_5(sleeve: Run, tmp_path: Path) -> None:
    failed(sleeve("info", "--device", f"serial:{tmp_path}/none"), 5, "no port")


def test_a_plain_file_as_port_is_5(sleeve: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    failed(sleeve("sessions", "--json", "--device", f"pty:{tmp_path}/file"), 5, "not a serial port")


def test_a_bare_path_is_2_with_the_right_form(sleeve: Run) -> None:
    done = sleeve("info", "--device", "/dev/ttyUSB0")
    failed(done, 2, "no device address")
    assert "serial:/dev/ttyUSB0" in done.stderr


def test_no_virtual_sleeve_yet_is_5(sleeve: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    failed(sleeve("info", "--device", "virtual:"), 5, "virtual.img")


def test_a_silent_port_is_5(sleeve: Run, fake: FakeSleeve) -> None:
    fake.manners.silent = True
    failed(sleeve("info", "--device", f"pty:{fake.port}"), 5, "No answer")


def test_another_protocol_is_1(sleeve: Run, fake: FakeSleeve) -> None:
    fake.manners.protocol = 9
    failed(sleeve("info", "--device", f"pty:{fake.port}"), 1, "older")


def test_the_device_may_come_from_the_environment(
    sleeve: Run, fake: FakeSleeve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLEEVE_DEVICE", f"pty:{fake.port}")
    assert sleeve("info").returncode == 0


# info, sessions


def test_info_for_people(sleeve: Run, fake: FakeSleeve) -> None:
    assert "ab12" in sleeve("info", "-d", f"pty:{fake.port}").stdout


def test_info_for_programs(sleeve: Run, fake: FakeSleeve) -> None:
    assert json.loads(sleeve("info", "--json", "-d", f"pty:{fake.port}").stdout)["battery_mv"] == 3900


def test_a_sleeve_in_a_run_is_1(sleeve: Run, fake: FakeSleeve) -> None:
    fake.manners.state = 3
    failed(sleeve("info", "-d", f"pty:{fake.port}"), 1, "in a run")


def test_sessions_for_people(sleeve: Run, fake: FakeSleeve) -> None:
    lines = sleeve("sessions", "-d", f"pty:{fake.port}").stdout.splitlines()
    assert lines[0].split() == ["session", "when", "level", "bytes", "closed", "verified"]
    assert lines[2].split() == ["7", "unknown", "raw", str(len(DATA)), "yes", "no"]


def test_the_list_says_when_a_run_began(sleeve: Run, fake: FakeSleeve) -> None:
    fake.sessions[8] = run_session(60, session_id=8, started=1_700_000_000_000, level="windows").data()
    fake.sessions[9] = b"\0" * 4096
    done = sleeve("sessions", "-d", f"pty:{fake.port}")
    row = next(line for line in done.stdout.splitlines() if line.split()[:1] == ["8"])
    assert "Nov 2023, " in row and "windows" in row and "no computer had told" in done.stderr
    found = {s["id"]: s for s in json.loads(sleeve("sessions", "--json", "-d", f"pty:{fake.port}").stdout)}
    assert found[8]["started"] == "2023-11-14T22:13:20+00:00" and found[7]["started"] is None
    assert found[9]["level"] is None


def test_a_quick_list_looks_into_nothing(sleeve: Run, fake: FakeSleeve) -> None:
    done = sleeve("sessions", "--quick", "-d", f"pty:{fake.port}")
    assert done.returncode == 0 and all(kind != 0x13 for kind, _ in fake.requests)


def test_sessions_for_programs(sleeve: Run, fake: FakeSleeve) -> None:
    listed = json.loads(sleeve("sessions", "--json", "-d", f"pty:{fake.port}").stdout)
    assert {"id": 7, "bytes": len(DATA), "closed": True, "verified": False}.items() <= listed[1].items()


def test_an_empty_sleeve_is_no_error(sleeve: Run, fake: FakeSleeve) -> None:
    fake.sessions.clear()
    done = sleeve("sessions", "-d", f"pty:{fake.port}")
    assert done.returncode == 0 and done.stdout == "" and "no sessions" in done.stderr


# verify


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"garbage" * 1000, "not a session file"), (b"", "empty"), (None, "no file")],
)
def test_what_is_no_session_is_4(sleeve: Run, tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "x.sleeve").write_bytes(content)
    failed(sleeve("verify", "--json", "x.sleeve"), 4, words)


def test_strides_only_is_4_with_a_reason(sleeve: Run, tmp_path: Path) -> None:
    made = SessionFile()
    made.stride(batch=50)
    made.close(60)
    (tmp_path / "x.sleeve").write_bytes(made.data())
    done = sleeve("verify", "--json", "x.sleeve")
    shown = json.loads(done.stdout)
    assert (
        done.returncode == shown["exit_code"] == 4 and shown["verdict"] == "unverifiable" and "raw" in shown["reason"]
    )
