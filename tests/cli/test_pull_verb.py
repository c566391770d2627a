"""`sleeve pull` and the options that watch a link, as a user meets them."""

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
from cli_runs import Run, failed  # pyright: ignore[reportMissingImports]
from fake_sleeve import FakeSleeve  # pyright: ignore[reportMissingImports]
from session_files import run_session  # pyright: ignore[reportMissingImports]

from kneecore import frames
from kneesleeve.link.codec import Decoder

BLOCK = 4096
DATA = run_session(300).data()


@pytest.fixture
def fake() -> Iterator[FakeSleeve]:
    with FakeSleeve({3: run_session(50, session_id=3).data(), 7: DATA}) as fake:
        yield fake


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
