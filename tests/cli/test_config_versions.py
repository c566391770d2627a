"""A toolkit that is older or newer than the sleeve: the sleeve's own table counts, and nothing it says is believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_runs import Done, Run, failed  # pyright: ignore[reportMissingImports]
from config_sleeve import ConfigSleeve, table_with  # pyright: ignore[reportMissingImports]

from kneecore import frames
from kneesleeve.parameters.schema import own_bytes

NEW = ["cue_volume", 5, 0, 9, "steps"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kneesleeve" / "schema"


def config(sleeve: Run, fake: ConfigSleeve, *words: str) -> Done:
    return sleeve("config", *words, "-d", f"pty:{fake.port}")


def test_a_newer_sleeve_lists_and_takes_what_this_toolkit_does_not_know(sleeve: Run) -> None:
    with ConfigSleeve(table_with(NEW, ["mood", 0, 0, 1, "calm|brave"])) as fake:
        shown = config(sleeve, fake, "show").stdout
        assert "cue_volume" in shown and "0 … 9" in shown and "steps" in shown and "calm, brave" in shown
        assert config(sleeve, fake, "set", "cue_volume=7steps", "mood=brave").returncode == 0
        assert json.loads(fake.committed)["params"] == {"cue_volume": 7, "mood": 1}
        failed(config(sleeve, fake, "set", "cue_volume=10"), 6, "cue_volume = 10 is outside 0 … 9 steps.")


def test_an_older_sleeve_is_checked_with_its_own_names_and_ranges(sleeve: Run) -> None:
    narrow = own_bytes().replace(b'["arm_dps", 150, 80, 400', b'["arm_dps", 150, 100, 300')
    assert narrow != own_bytes()
    with ConfigSleeve(narrow) as fake:
        failed(config(sleeve, fake, "set", "arm_dps=90"), 6, "outside 100 … 300")
    with ConfigSleeve(table_with(without="flex_window")) as fake:
        failed(config(sleeve, fake, "set", "flex_window=20"), 6, "no parameter 'flex_window'")


def test_the_table_is_fetched_once_and_kept_by_its_crc(sleeve: Run, cache: Path) -> None:
    with ConfigSleeve(table_with(NEW)) as fake:
        for _ in range(2):
            assert config(sleeve, fake, "get", "cue_volume").stdout == "5\n"
        assert fake.asked.count(frames.SCHEMA) == 1
        (kept,) = cache.iterdir()
        kept.write_text('["broken"')
        assert config(sleeve, fake, "get", "cue_volume").stdout == "5\n" and fake.asked.count(frames.SCHEMA) == 2


def test_our_own_table_is_not_fetched_at_all(sleeve: Run, cache: Path) -> None:
    with ConfigSleeve() as fake:
        assert config(sleeve, fake, "show").returncode == 0 and frames.SCHEMA not in fake.asked and not cache.exists()


def test_a_cache_that_cannot_be_written_is_no_error(sleeve: Run, cache: Path) -> None:
    cache.parent.parent.mkdir(parents=True)
    cache.parent.write_text("a file where the folder belongs")
    with ConfigSleeve(table_with(NEW)) as fake:
        assert config(sleeve, fake, "get", "cue_volume").returncode == 0


ROW = '[1, [["%s", %s, %s, %s, "%s"]], [], []]'


@pytest.mark.parametrize(
    "table",
    [
        b"", b"{}", b"[]", b"[1, [], []]", b"[2, [], [], []]", b"[1, 5, [], []]", b"[1, [[]], [], []]", b"\xff" * 40,
        b"[" * 60_000, b'[1, [], [], [["a", "b"]]]', b" " * 70_000 + b"[1, [], [], []]",
        (ROW % ("../../x", 1, 0, 2, "")).encode(), (ROW % ("__class__", 1, 0, 2, "")).encode(),
        (ROW % ("a", 5, 0, 2, "")).encode(), (ROW % ("a", 1, 2, 0, "")).encode(), (ROW % ("a", 1.5, 0, 2, "")).encode(),
        (ROW % ("a", "true", "false", "true", "")).encode(), (ROW % ("a", 1, 0, 10**30, "")).encode(),
        (ROW % ("a", 1, 0, 2, "\\u001b[31m")).encode(), (ROW % ("a", 0, 0, 5, "x|y")).encode(),
        (ROW % ("a" * 50, 1, 0, 2, "")).encode(), b'[1, [["a", 1, 0, 2, ""]], [["a", 1, 0, 2, ""]], []]',
    ],
)  # fmt: skip
def test_a_hostile_table_is_refused_in_one_line(sleeve: Run, table: bytes, cache: Path) -> None:
    with ConfigSleeve(table) as fake:
        failed(config(sleeve, fake, "show"), 5, "table of parameters")
    assert not cache.exists() or not list(cache.iterdir())


@pytest.mark.parametrize(
    "said",
    [
        {"params": [1]}, {"params": {"arm_dps": 1}}, {"params": {"arm_dps": "150"}}, {"params": {"arm_dps": True}},
        {"params": {"nothing_known": 1}}, {"params": None}, {"calibration": [1, 2]}, {"calibration": "x"},
        {"source": "a guess"}, {"problem": 7}, {"schema": "../../etc"}, {"schema": None}, {"schema": "1A779C61"},
    ],
)  # fmt: skip
def test_a_hostile_configuration_is_refused_in_one_line(sleeve: Run, said: dict[str, Any]) -> None:
    with ConfigSleeve(**said) as fake:
        failed(config(sleeve, fake, "show"), 5, "The sleeve")


def test_a_table_that_is_not_the_one_it_names_is_refused(sleeve: Run, cache: Path) -> None:
    with ConfigSleeve(table_with(NEW), schema="0123abcd") as fake:
        failed(config(sleeve, fake, "show"), 5, "not the one it names")
    assert not cache.exists()


def test_a_sleeve_that_says_something_else_after_writing_is_an_error(sleeve: Run) -> None:
    with ConfigSleeve() as fake:
        fake.deaf = True
        done = config(sleeve, fake, "set", "arm_dps=160", "--json")
        failed(done, 1, "another configuration in force than was written")


def test_what_the_sleeve_refuses_is_said_in_its_words(sleeve: Run) -> None:
    with ConfigSleeve() as fake:
        fake.refusal = "is not usable: arm_dps dislikes you"
        failed(config(sleeve, fake, "set", "arm_dps=160", "--json"), 6, "arm_dps dislikes you")


def test_a_sleeve_in_a_run_is_left_alone(sleeve: Run) -> None:
    with ConfigSleeve() as fake:
        fake.manners.state = 3
        for words in (["show"], ["set", "arm_dps=160"], ["reset"]):
            failed(config(sleeve, fake, *words), 1, "in a run")


def test_the_last_good_configuration_is_called_that_and_written_anew_by_any_change(sleeve: Run) -> None:
    said = {"params": {"side": 1}, "source": "last_good", "problem": "/config.json is damaged; the last good …"}
    with ConfigSleeve(**said) as fake:
        done = config(sleeve, fake, "show")
        assert "the last good one" in done.stdout and "Warning: /config.json is damaged" in done.stderr
        assert config(sleeve, fake, "set", "side=right").returncode == 0
        assert json.loads(fake.committed)["params"] == {"side": 1}


def test_a_restore_from_another_table_says_so(sleeve: Run, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{"schema": "00000000", "params": {"side": 1}}')
    with ConfigSleeve() as fake:
        assert "another table of parameters" in config(sleeve, fake, "restore", "b.json").stderr
