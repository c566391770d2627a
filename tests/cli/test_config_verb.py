"""`sleeve config` as a person meets it, on the real firmware: every change is shown, checked, written and read back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runs import Done, Run, failed  # pyright: ignore[reportMissingImports]

from kneecore import params
from kneesleeve.engines.virtual import make_image
from kneesleeve.virtual import Scenario, VirtualSleeve, install_app

IDENTITY = [0, 90, -1, *[8192, 0, 0, 0, 8192, 0, 0, 0, 8192] * 2, *[0] * 10, 5]


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualSleeve]:
    """A sleeve at rest, the same for all tests of this file."""
    image = tmp_path_factory.mktemp("config") / "sleeve.img"
    make_image(image, params.defaults(), level=1)
    with VirtualSleeve(image, Scenario()) as virtual:
        yield virtual


@pytest.fixture
def config(sleeve: Run, board: VirtualSleeve) -> Run:
    """Runs `sleeve config WORDS` against it, after a reset to the defaults."""

    def run(*words: str) -> Done:
        return sleeve("config", *words, "--device", f"pty:{board.port}")

    assert run("reset").returncode == 0
    return run


def values(config: Run) -> dict[str, int]:
    shown = json.loads(config("show", "--json").stdout)
    return {p["name"]: p["value"] for p in shown["parameters"]}


def test_show_tells_value_default_range_and_unit_by_group_and_marks_what_differs(config: Run) -> None:
    config("set", "arm_dps=160")
    done = config("show")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["group", "parameter", "value", "unit", "default", "range"]
    row = next(line for line in lines if "arm_dps" in line)
    assert row.split() == ["contacts", "*arm_dps", "160", "dps", "150", "80", "…", "400"]
    assert sum("*" in line for line in lines) == 1 and "cue_mode" in done.stdout and "quiet, collapse" in done.stdout
    assert "calibration: none" in done.stdout and "stored on the sleeve" in done.stdout


def test_set_shows_the_change_writes_it_and_get_reads_it(config: Run) -> None:
    done = config("set", "arm_dps=160dps", "side=right", "threshold_cap_mdeg=4000mdeg")
    assert done.returncode == 0 and "read back" in done.stderr
    assert [line.split() for line in done.stdout.splitlines()[1:]] == [
        ["side", "left", "right"],
        ["arm_dps", "150", "160", "dps"],
        ["threshold_cap_mdeg", "3000", "4000", "mdeg"],
    ]
    assert config("get", "side").stdout == "right\n" and config("get", "arm_dps").stdout == "160\n"
    assert json.loads(config("get", "side", "--json").stdout)["value"] == 1


def test_set_in_json(config: Run) -> None:
    shown = json.loads(config("set", "cue_mode=cadence", "--json").stdout)
    change = {"name": "cue_mode", "before": "collapse", "after": "cadence", "unit": ""}
    assert shown == {"changes": [change], "written": True, "dry_run": False}


def test_a_dry_run_writes_nothing(config: Run) -> None:
    done = config("set", "arm_dps=160", "--dry-run")
    assert done.returncode == 0 and "160" in done.stdout and "nothing was written" in done.stderr
    assert values(config)["arm_dps"] == 150


@pytest.mark.parametrize(
    "words, message, hint",
    [
        (["arm_dp=160"], "There is no parameter 'arm_dp'.", "Did you mean arm_dps?"),
        (["volume=3"], "There is no parameter 'volume'.", "Parameters: side, arm_dps"),
        (["arm_dps=150ms"], "arm_dps is in dps, not in ms.", "Write arm_dps=150dps."),
        (["run_number=3km"], "run_number has no unit, not km.", "Write run_number=3."),
        (["arm_dps=401"], "arm_dps = 401 is outside 80 … 400 dps.", "the default is 150"),
        (["side=lefd"], "side is one of left, right, not 'lefd'.", "Did you mean side=left?"),
        (["side=2"], "side = 2 is outside 0 … 1.", "Choose one of left, right."),
        (["arm_dps=fast"], "takes a whole number of dps, not 'fast'", "Write arm_dps=150dps."),
        (["arm_dps=150.5"], "takes a whole number of dps, not '150.5'", "Write arm_dps=150dps."),
        (["arm_dps"], "'arm_dps' sets nothing.", "Write arm_dps=VALUE."),
        (["cue_k=4"], "cue_k = 4 is more than cue_n = 1.", "Set both"),
        (["arm_dps=160", "arm_dps=170"], "arm_dps is named twice.", "once"),
        (["arm_dps=160", "calibration=none.json"], "'none.json' cannot be read", "replay --json"),
        (["arm_dps=160", "cue_min_ms=50"], "cue_min_ms = 50 is outside 60 … 300 ms.", "the default is 100"),
    ],
)
def test_a_wrong_name_unit_or_value_is_one_line_and_a_hint(config: Run, words, message, hint) -> None:
    done = config("set", *words)
    failed(done, 6, message)
    assert hint in done.stderr.splitlines()[1]
    assert values(config) == params.defaults(params.TABLE + params.SETTINGS)


def test_get_and_reset_know_the_names_too(config: Run) -> None:
    failed(config("get", "hysteresis"), 6, "no parameter")
    failed(config("reset", "arm_dps", "side_"), 6, "no parameter")


def test_backup_and_restore_go_round(config: Run, tmp_path: Path) -> None:
    config("set", "arm_dps=200", "side=right", "record_level=raw")
    before = values(config)
    assert config("backup", "b.json").stdout == "b.json\n"
    failed(config("backup", "b.json"), 6, "already there")
    assert config("diff", "b.json").returncode == 0
    config("reset")
    shown = config("diff", "b.json", "--json")
    assert shown.returncode == 1 and {c["name"] for c in json.loads(shown.stdout)} == {
        "arm_dps",
        "side",
        "record_level",
    }
    done = config("restore", "b.json")
    assert done.returncode == 0 and "200" in done.stdout and values(config) == before


def test_restore_brings_a_calibration_and_reset_takes_it_back(config: Run, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"params": {"side": "right"}, "calibration": IDENTITY}))
    done = config("restore", "c.json")
    assert done.returncode == 0 and "given (right leg, quality 90)" in done.stdout
    assert json.loads(config("show", "--json").stdout)["calibration"] == IDENTITY
    config("backup", "d.json")
    assert json.loads((tmp_path / "d.json").read_text())["calibration"] == IDENTITY
    config("reset", "calibration")
    shown = json.loads(config("show", "--json").stdout)
    assert shown["calibration"] is None and values(config)["side"] == 1


@pytest.mark.parametrize(
    "content, message, hint",
    [
        ('{"params": {"arm_dps": 200, "arm_dp": 1}}', "no parameter 'arm_dp'", "Did you mean arm_dps?"),
        ('{"params": {"arm_dps": 999}}', "arm_dps = 999 is outside", "in that range"),
        ('{"params": {"arm_dps": 150.5}}', "whole number", "Write"),
        ('{"params": {"arm_dps": null}}', "whole number", "Write"),
        ('{"params": {}, "volume": 3}', "unknown entry 'volume'", "params"),
        ('{"params": [1]}', "no list of names", "Write"),
        ('{"format": 7, "params": {}}', "format 7", "Update"),
        ('{"params": {}, "calibration": [1]}', "32 integers", "null"),
        ('{"format":2,"params":{"side":1},"calibration":null,"crc":"00000000"}', "check sum", "take out"),
        ("not json", "holds no configuration", "backup"),
        ("[]", "holds no configuration", "backup"),
        ('{"a": 1}', "holds no configuration", "backup"),
        ("[" * 60_000, "holds no configuration", "backup"),
        (None, "cannot be read", "backup"),
    ],
)
def test_a_file_that_cannot_be_restored_changes_nothing(config: Run, tmp_path: Path, content, message, hint) -> None:
    if content is not None:
        (tmp_path / "f.json").write_text(content)
    config("set", "arm_dps=180")
    done = config("restore", "f.json")
    failed(done, 6, message)
    assert hint in done.stderr.splitlines()[1] and values(config)["arm_dps"] == 180


def test_a_copy_of_the_sleeves_own_file_can_be_restored(config: Run, tmp_path: Path) -> None:
    from kneesleeve.parameters.configuration import file_bytes

    (tmp_path / "config.json").write_bytes(file_bytes({"arm_dps": 99}))
    assert config("restore", "config.json").returncode == 0 and values(config)["arm_dps"] == 99


@pytest.mark.parametrize(
    "content", [{"calibration": IDENTITY}, {"engine": "core", "calibration": {"record": IDENTITY}}]
)
def test_a_calibration_is_handed_over_from_a_file(config: Run, tmp_path: Path, content) -> None:
    (tmp_path / "r.json").write_text(json.dumps(content))
    assert config("set", "calibration=r.json", "arm_dps=160").returncode == 0
    assert config("get", "calibration").stdout == "given (right leg, quality 90)\n"
    assert json.loads(config("get", "calibration", "--json").stdout)["value"] == IDENTITY
    config("set", "calibration=none")
    assert config("get", "calibration").stdout == "none\n" and values(config)["arm_dps"] == 160


@pytest.mark.parametrize("content", ["{}", "[]", "nothing", '{"calibration": null}', '{"calibration": [1, 2]}'])
def test_a_file_without_a_calibration_is_refused(config: Run, tmp_path: Path, content) -> None:
    (tmp_path / "r.json").write_text(content)
    failed(config("set", "calibration=r.json"), 6, "calibration")


def test_nothing_to_change_writes_nothing(config: Run) -> None:
    config("set", "arm_dps=180")
    done = config("set", "arm_dps=180")
    assert "no difference" in done.stdout and "Nothing to write" in done.stderr


def test_a_damaged_file_on_the_sleeve_is_told_and_mended_by_setting(sleeve: Run, tmp_path: Path) -> None:
    image = tmp_path / "sleeve.img"
    make_image(image, params.defaults() | {"side": 1})
    install_app(image, {"config.json": b'{"format":2,"params":{"side":1}'})
    device = ("--device", f"virtual:{image}")
    done = sleeve("config", "show", *device)
    assert "Warning: /config.json" in done.stderr and "defaults are in force" in done.stderr
    shown = sleeve("info", *device)
    assert "not usable" in shown.stdout and "defaults are in force" in shown.stdout
    assert sleeve("config", "set", "side=right", *device).returncode == 0
    assert sleeve("config", "show", *device).stderr == ""


@pytest.mark.parametrize(
    "line, expected",
    [
        ("sleeve con", ["config", "convert"]),
        ("sleeve config set arm", ["arm_dps="]),
        ("sleeve config set side=", ["side=left", "side=right"]),
        ("sleeve config get cue_m", ["cue_mode", "cue_min_ms", "cue_max_ms"]),
        ("sleeve config reset side run", ["run_number"]),
        ("sleeve replay x.npz --param hyst", ["hysteresis_pct="]),
    ],
)
def test_the_shell_completes_verbs_names_and_words(
    sleeve: Run, monkeypatch: pytest.MonkeyPatch, line, expected
) -> None:
    monkeypatch.setenv("_SLEEVE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    assert sleeve().stdout.split() == expected
