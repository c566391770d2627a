"""doctor, recover, convert as a user meets them: stdout, stderr, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_runs import Run, failed  # pyright: ignore[reportMissingImports]
from session_files import SessionFile, run_session  # pyright: ignore[reportMissingImports]

BLOCK = 4096
WHOLE = run_session(300, version=2).data()
DAMAGED = WHOLE[: BLOCK + 500] + bytes((WHOLE[BLOCK + 500] ^ 1,)) + WHOLE[BLOCK + 501 :]


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """A session of each kind in the current folder."""
    (tmp_path / "whole.sleeve").write_bytes(WHOLE)
    (tmp_path / "old.sleeve").write_bytes(run_session(100, version=1).data())
    (tmp_path / "damaged.sleeve").write_bytes(DAMAGED)
    (tmp_path / "open.sleeve").write_bytes(run_session(300, version=2, closed=False).data())
    (tmp_path / "rubbish.sleeve").write_bytes(b"rubbish" * 1000)


@pytest.mark.parametrize("verb", ["doctor", "recover", "convert"])
def test_each_verb_has_help(sleeve: Run, verb: str) -> None:
    done = sleeve(verb, "--help")
    assert done.returncode == 0 and "--json" in done.stdout and "Exit code" in done.stdout


# doctor


@pytest.mark.parametrize(
    ("name", "code", "state"),
    [("whole", 0, "clean"), ("old", 0, "clean"), ("damaged", 3, "loss"), ("open", 3, "unclosed")],
)
def test_doctor_says_how_a_file_is(sleeve: Run, name: str, code: int, state: str) -> None:
    done = sleeve("doctor", f"{name}.sleeve")
    assert done.returncode == code and done.stdout.startswith(f"{name}.sleeve: {state}\n") and done.stderr == ""


def test_doctor_names_a_loss_with_its_range(sleeve: Run) -> None:
    text = sleeve("doctor", "damaged.sleeve").stdout
    shown = json.loads(sleeve("doctor", "--json", "damaged.sleeve").stdout)[0]
    loss = shown["losses"][0]
    assert f"{loss['from_ms']:.0f} ms to {loss['to_ms']:.0f} ms: record" in text and loss["block"] == 1
    assert shown["exit_code"] == 3 and shown["level"] == "raw" and shown["format"] == 2


def test_doctor_of_rubbish_is_4(sleeve: Run) -> None:
    failed(sleeve("doctor", "rubbish.sleeve"), 4, "not a session file")
    done = sleeve("doctor", "--json", "rubbish.sleeve")
    assert json.loads(done.stdout)[0]["state"] == "unusable" and "Hint:" in done.stderr


def test_doctor_of_several_gives_the_worst(sleeve: Run) -> None:
    done = sleeve("doctor", "whole.sleeve", "rubbish.sleeve", "open.sleeve")
    assert done.returncode == 4 and "whole.sleeve: clean" in done.stdout and "open.sleeve: unclosed" in done.stdout
    assert sleeve("doctor", "whole.sleeve", "open.sleeve").returncode == 3


def test_doctor_without_a_file_is_2(sleeve: Run) -> None:
    assert sleeve("doctor").returncode == 2


# recover


def test_recover_writes_a_clean_file(sleeve: Run, tmp_path: Path) -> None:
    done = sleeve("recover", "damaged.sleeve", "-o", "out")
    assert done.returncode == 3 and "not readable and are left out" in done.stderr and "lost" in done.stdout
    assert (tmp_path / "out" / "ab12-00000007.sleeve").stat().st_size == len(WHOLE)
    assert sleeve("recover", "whole.sleeve", "-o", "copy.sleeve").returncode == 0


def test_recover_for_programs(sleeve: Run) -> None:
    shown = json.loads(sleeve("recover", "--json", "damaged.sleeve", "-o", "out").stdout)
    assert shown[0]["path"] == "out/ab12-00000007.sleeve" and shown[0]["found"]["losses"] and shown[0]["damaged_bytes"]


def test_recover_overwrites_nothing(sleeve: Run) -> None:
    failed(sleeve("recover", "damaged.sleeve", "-o", "whole.sleeve"), 1, "there already")
    assert sleeve("recover", "damaged.sleeve", "-o", "whole.sleeve", "--force").returncode == 3


def test_recover_of_rubbish_is_4(sleeve: Run) -> None:
    failed(sleeve("recover", "rubbish.sleeve", "-o", "out"), 4, "no record")


def test_recover_says_when_headers_were_made_anew(sleeve: Run, tmp_path: Path) -> None:
    (tmp_path / "x.sleeve").write_bytes(WHOLE[:BLOCK] + b"X" + WHOLE[BLOCK + 1 :])
    done = sleeve("recover", "x.sleeve", "-o", "y.sleeve")
    assert done.returncode == 0 and "headers of 1 blocks were damaged" in done.stderr


# convert


def test_convert_prints_what_it_wrote(sleeve: Run, tmp_path: Path) -> None:
    done = sleeve("convert", "whole.sleeve", "-o", "a.csv")
    assert done.returncode == 0 and done.stdout.splitlines() == ["a.csv", "a.csv.meta.json"]
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 9


def test_convert_for_programs(sleeve: Run) -> None:
    shown = json.loads(sleeve("convert", "whole.sleeve", "-o", "a.npz", "--what", "samples", "--json").stdout)
    assert shown["files"] == ["a.npz"] and shown["rows"] == 2400 and "gyro_x_dps" in shown["columns"]


def test_convert_of_a_damaged_session_is_3(sleeve: Run, tmp_path: Path) -> None:
    done = sleeve("convert", "damaged.sleeve", "-o", "a.csv")
    assert done.returncode == 3 and (tmp_path / "a.csv").exists() and "doctor" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("whole.sleeve", "-o", "a.fit"), 2, "FIT"), (("whole.sleeve", "-o", "a.doc"), 2, "no known format"),
        (("whole.sleeve", "-o", "a.csv", "--what", "x"), 2, "'x'"),
        (("rubbish.sleeve", "-o", "a.csv"), 4, "not a session"),
    ],
)  # fmt: skip
def test_convert_refuses_with_a_hint(sleeve: Run, words: tuple[str, ...], code: int, said: str) -> None:
    failed(sleeve("convert", *words), code, said)


def test_convert_without_samples_is_4(sleeve: Run, tmp_path: Path) -> None:
    made = SessionFile(version=2, level="strides")
    made.close(10)
    (tmp_path / "s.sleeve").write_bytes(made.data())
    failed(sleeve("convert", "s.sleeve", "-o", "a.csv", "--what", "samples"), 4, "no raw samples")
