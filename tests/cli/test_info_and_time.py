"""`sleeve info` and `sleeve time` as a person reads them, on the real firmware and on a sleeve that says odd things."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runs import Run  # pyright: ignore[reportMissingImports]

from kneecore import params
from kneesleeve.engines.virtual import make_image
from kneesleeve.errors import LinkError
from kneesleeve.services.about import about, battery, fault
from kneesleeve.services.clock import RIGHT_MS, ClockOffset
from kneesleeve.virtual import Scenario, VirtualSleeve
from kneesleeve.virtual.interpreter import find_interpreter

UNSET = ClockOffset(None, 5)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        find_interpreter()
    except LinkError as error:
        pytest.skip(error.message)
    image = Path(tmp_path_factory.mktemp("info")) / "sleeve.img"
    make_image(image, params.defaults() | {"arm_dps": 160})
    with VirtualSleeve(image, Scenario(clock="wall")) as board:
        yield f"pty:{board.port}"


def test_info_speaks_plainly(sleeve: Run, port: str) -> None:
    shown = sleeve("info", "-d", port).stdout
    for words in (
        "7c9ebd4a1e02 (esp32_devkit), idle",
        "3.90 V, about 65 % (estimate)",
        "arm_dps = 160",
        "last by power on",
    ):
        assert words in shown
    assert re.search(r"last fault +none", shown) and re.search(r"room for \d+\.\d MB, some \d+ hours", shown)


def test_a_clock_that_nobody_set_is_told_and_then_set(sleeve: Run, port: str) -> None:
    before = sleeve("time", "-d", port)
    assert before.returncode == 0 and "not set" in before.stdout
    assert json.loads(sleeve("time", "--json", "-d", port).stdout)["offset_ms"] is None
    done = sleeve("time", "--set", "-d", port)
    assert "right to a tenth" in done.stdout and "not set" in done.stderr and "reset" in done.stderr
    found = json.loads(sleeve("info", "--json", "-d", port).stdout)
    assert abs(found["clock_offset_ms"]) <= found["clock_error_ms"] + RIGHT_MS


@pytest.mark.parametrize(
    ("mv", "words"),
    [(4300, "about 100 %"), (3900, "about 65 %"), (3500, "charge it soon"), (3000, "about 0 %"), (None, "unknown")],
)
def test_a_battery_in_words(mv: int | None, words: str) -> None:
    assert words in battery(mv)


def test_a_fault_comes_with_what_to_do() -> None:
    assert fault(0) == "none" and "not known" in fault(999) and ":" in fault(9)


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (3, "right to a tenth"),
        (-2500, "2500 ms behind"),
        (90_000, "90 s ahead"),
        (-7_200_000, "120 min behind"),
        (1 << 36, "h ahead"),
    ],
)
def test_an_offset_in_words(offset: int, words: str) -> None:
    assert words in str(ClockOffset(offset, 5))


def test_a_sleeve_that_says_odd_things_is_shown_and_nothing_breaks() -> None:
    odd = {"battery_mv": "x", "last_fault": [], "params": 3, "free_bytes": None, "reset_cause": 7, "problem": {}}
    shown = about(odd, UNSET)
    assert all(isinstance(value, str) and value for value in shown.values())
    assert all(about({}, UNSET).values())
