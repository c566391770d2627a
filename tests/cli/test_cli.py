"""The command line as a user meets it: stdout, stderr and exit codes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runs import Done, Run, failed  # pyright: ignore[reportMissingImports]
from fake_sleeve import FakeSleeve  # pyright: ignore[reportMissingImports]
from session_files import SessionFile, run_session  # pyright: ignore[reportMissingImports]

from kneecore import frames
from kneesleeve.cli import info
from kneesleeve.cli.verbs import VERBS
from kneesleeve.link.codec import Decoder

BLOCK = 4096
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
    assert lines[0].split() == ["session", "bytes", "closed", "verified"]
    assert lines[2].split()[:3] == ["7", str(len(DATA)), "yes"]


def test_sessions_for_programs(sleeve: Run, fake: FakeSleeve) -> None:
    listed = json.loads(sleeve("sessions", "--json", "-d", f"pty:{fake.port}").stdout)
    assert {"id": 7, "bytes": len(DATA), "closed": True, "verified": False}.items() <= listed[1].items()


def test_an_empty_sleeve_is_no_error(sleeve: Run, fake: FakeSleeve) -> None:
    fake.sessions.clear()
    done = sleeve("sessions", "-d", f"pty:{fake.port}")
    assert done.returncode == 0 and done.stdout == "" and "no sessions" in done.stderr


# pull


def test_pull_takes_the_newest_and_prints_its_path(sleeve: Run, fake: FakeSleeve, tmp_path: Path) -> None:
    done = sleeve("pull", "-d", f"pty:{fake.port}")
    assert done.returncode == 0 and done.stdout == "ab12-00000007.sleeve\n" and "sha256" in done.stderr
    assert (tmp_path / "ab12-00000007.sleeve").read_bytes() == DATA


def test_pull_all(sleeve: Run, fake: FakeSleeve, tmp_path: Path) -> None:
    done = sleeve("pull", "--all", "--json", "--out", "runs", "-d", f"pty:{fake.port}")
    assert [Path(p["path"]).name for p in json.loads(done.stdout)] == ["ab12-00000003.sleeve", "ab12-00000007.sleeve"]


def test_pull_by_number(sleeve: Run, fake: FakeSleeve) -> None:
    assert sleeve("pull", "3", "-d", f"pty:{fake.port}").stdout == "ab12-00000003.sleeve\n"


def test_pull_twice_says_so(sleeve: Run, fake: FakeSleeve) -> None:
    sleeve("pull", "-d", f"pty:{fake.port}")
    assert "already here" in sleeve("pull", "-d", f"pty:{fake.port}").stderr


def test_an_unplug_in_mid_pull_is_5(sleeve: Run, fake: FakeSleeve, tmp_path: Path) -> None:
    fake.manners.unplug_after = 20_000
    failed(sleeve("pull", "7", "-d", f"pty:{fake.port}"), 5, "unplugged")
    assert not list(tmp_path.glob("*.sleeve"))


def test_damage_in_the_storage_is_3(sleeve: Run, fake: FakeSleeve) -> None:
    fake.sessions[7] = DATA[: BLOCK + 40] + b"\0" + DATA[BLOCK + 41 :]
    done = sleeve("pull", "7", "-d", f"pty:{fake.port}")
    assert done.returncode == 3 and "Damaged in the sleeve's storage" in done.stderr


def test_pull_of_an_unknown_session_is_1(sleeve: Run, fake: FakeSleeve) -> None:
    failed(sleeve("pull", "99", "-d", f"pty:{fake.port}"), 1, "no session 99")


def test_one_that_fails_does_not_lose_the_others(sleeve: Run, fake: FakeSleeve) -> None:
    done = sleeve("pull", "99", "3", "7", "-d", f"pty:{fake.port}")
    assert done.stdout.split() == ["ab12-00000003.sleeve", "ab12-00000007.sleeve"]
    assert done.returncode == 1 and "Error: There is no session 99" in done.stderr and "Hint: " in done.stderr


def test_the_exit_code_is_the_worst(sleeve: Run, fake: FakeSleeve) -> None:
    fake.sessions[3] = fake.sessions[3][:300] + b"\0\0\0" + fake.sessions[3][303:]
    done = sleeve("pull", "--all", "--json", "-d", f"pty:{fake.port}")
    assert done.returncode == 3 and len(json.loads(done.stdout)) == 2
    done = sleeve("pull", "99", "3", "--json", "-d", f"pty:{fake.port}")
    assert done.returncode == 3 and len(json.loads(done.stdout)) == 1 and "no session 99" in done.stderr


def test_what_came_before_an_unplug_is_told(sleeve: Run, fake: FakeSleeve) -> None:
    fake.manners.unplug_after = 24_000
    done = sleeve("pull", "3", "7", "8", "-d", f"pty:{fake.port}")
    assert done.returncode == 5 and done.stdout == "ab12-00000003.sleeve\n"
    assert "unplugged" in done.stderr and "Not tried any more: 8." in done.stderr


def test_progress_is_a_bar_for_each_on_a_terminal_only(fake: FakeSleeve, tmp_path: Path) -> None:
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    command = [sys.executable, "-m", "kneesleeve.cli.main", "pull", "--all", "-d", f"pty:{fake.port}"]
    env = os.environ | {"TERM": "xterm-256color"}
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=inner, env=env) as process:
        os.close(inner)
        shown = b""
        with contextlib.suppress(OSError):
            while piece := os.read(outer, 4096):
                shown += piece
        stdout = process.communicate(timeout=20)[0]
    os.close(outer)
    assert process.returncode == 0
    assert stdout == b"ab12-00000003.sleeve\nab12-00000007.sleeve\n"
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown).decode()
    for number, size in ((3, len(fake.sessions[3])), (7, len(DATA))):
        bars = [row for row in re.split(r"[\r\n]+", text) if row.startswith(f"Session {number} ")]
        assert re.search(rf"{size / 1000:.1f}/{size / 1000:.1f} kB .*(kB|MB)/s +0:00:00", bars[-1]), bars


# watching the link


def test_verbose_tells_what_the_link_does(sleeve: Run, fake: FakeSleeve) -> None:
    done = sleeve("info", "--verbose", "-d", f"pty:{fake.port}")
    assert done.returncode == 0 and "link: " in done.stderr and "build fake-1" in done.stderr
    assert "link: " not in sleeve("info", "-d", f"pty:{fake.port}").stderr


def test_a_newer_sleeve_is_a_note_under_verbose_only(sleeve: Run, fake: FakeSleeve) -> None:
    fake.manners.revision += 1
    done = sleeve("info", "--verbose", "-d", f"pty:{fake.port}")
    assert done.returncode == 0 and "firmware is newer" in done.stderr and "pip install --upgrade" in done.stderr
    assert sleeve("info", "-d", f"pty:{fake.port}").stderr == ""


def test_a_capture_has_every_byte_with_time_and_direction(sleeve: Run, fake: FakeSleeve, tmp_path: Path) -> None:
    done = sleeve("info", "--capture", "link.txt", "-d", f"pty:{fake.port}")
    assert done.returncode == 0 and "link.txt" in done.stderr
    rows = [r for r in (tmp_path / "link.txt").read_text().splitlines() if r[13:14] in "<>"]
    received = bytes.fromhex("".join(row[15:110] for row in rows if row[13] == "<"))
    sent = bytes.fromhex("".join(row[15:110] for row in rows if row[13] == ">"))
    assert len(received) == fake.sent and Decoder().feed(received)[0].kind == frames.PONG
    assert [f.kind for f in Decoder().feed(sent)][:2] == [frames.PING, frames.INFO]
    assert [float(row[:12]) for row in rows] == sorted(float(row[:12]) for row in rows) and "ab12" in "".join(rows)


def test_a_capture_that_cannot_be_written_is_1(sleeve: Run, fake: FakeSleeve) -> None:
    failed(sleeve("info", "--capture", "none/link.txt", "-d", f"pty:{fake.port}"), 1, "cannot be written")


def test_verbs_without_a_link_have_no_capture(sleeve: Run) -> None:
    assert "--capture" not in sleeve("verify", "--help").stdout and "--capture" in sleeve("erase", "--help").stdout


def test_all_and_numbers_exclude_each_other(sleeve: Run, fake: FakeSleeve) -> None:
    failed(sleeve("pull", "--all", "7", "-d", f"pty:{fake.port}"), 2, "exclude")


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
