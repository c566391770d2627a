"""The doctor: what a file is, and every loss with its time and its cause."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from block_writers import BLOCK
from session_files import SessionFile

from kneesleeve.services.doctor import Diagnosis, Missing, examine

New = Callable[..., SessionFile]


@pytest.fixture
def examined(path: Path) -> Callable[..., Diagnosis]:
    def examine_it(content: SessionFile | bytes) -> Diagnosis:
        path.write_bytes(content if isinstance(content, bytes) else content.data())
        return examine(path)

    return examine_it


def test_a_clean_session(examined: Any, run: New, version: int) -> None:
    found = examined(run(200))
    assert (found.state, found.exit_code, found.format, found.session) == ("clean", 0, version, 7)
    assert (found.device, found.level, found.build, found.started) == ("ab12", "raw", "test", None)
    assert found.length_s == pytest.approx(4.0) and found.strides == 5 and found.raw_batches == 200
    assert found.closed and found.ended_by == "button" and found.losses == found.dropouts == []


def test_an_unclosed_session_is_whole_but_3(examined: Any, run: New) -> None:
    found = examined(run(100, closed=False))
    assert (found.state, found.exit_code, found.closed, found.ended_by) == ("unclosed", 3, False, "interrupted")


def test_a_loss_has_its_time_and_place(examined: Any, run: New) -> None:
    made = run(200)
    data = made.data()
    at = data.index(made.out.blocks[1][3])  # a record in the second block
    found = examined(data[: at + 20] + b"\0" + data[at + 21 :])
    (loss,) = found.losses
    lost = [b for b in range(1, 201) if b not in _batches(found, examined)]
    assert (found.state, found.exit_code) == ("loss", 3)
    assert (loss.block, loss.offset, loss.records) == (1, at, 1) and "bytes damaged" in loss.cause
    assert loss.from_ms == (lost[0] - 1) * 20 and loss.to_ms == (lost[-1] + 1) * 20


def _batches(found: Diagnosis, examined: Any) -> list[int]:
    import kneesleeve

    return kneesleeve.open_session(found.file).batches["batch"].tolist()


def test_damage_that_cost_nothing(examined: Any, run: New) -> None:
    found = examined(run(200).data()[:-4] + b"\0\0\0\0")
    assert (found.state, found.exit_code) == ("damaged", 3) and found.losses[0].records == 0


def test_what_the_sleeve_lost(examined: Any, version: int, new: New) -> None:
    made = new()
    for batch in range(1, 51):
        made.raw(batch)
    made.dropout(50, samples=104, chip=1, cause=3)
    for batch in range(51, 60):
        made.raw(batch, ticks_us=20_000 * batch + 500_000)
    made.close(59)
    found = examined(made)
    cause = {1: "storage", 2: "the recorder fell behind"}[version]
    assert found.dropouts == [Missing("104 samples lost, thigh", f"the sleeve: {cause}", 0, 1000.0, 1520.0)]
    assert found.state == "loss" and found.exit_code == 3


def test_unknown_records_are_counted(examined: Any, new: New) -> None:
    made = new()
    made.record(99, b"?")
    made.close(1)
    assert examined(made).unknown_records == {99: 1} and examined(made).state == "clean"


def test_a_record_that_makes_no_sense(examined: Any, new: New) -> None:
    made = new()
    made.record(3, b"\0\0\0")
    made.close(1)
    found = examined(made)
    assert found.losses[0].cause == "record 1 (RAW)" and "not readable" in found.losses[0].what


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"\xff" * BLOCK, "not a session file"), (b"PK\x03\x04" + bytes(100), "not a session file"),
        (b"KSLV" + bytes(5000), "no block of it is readable"),
    ],
)  # fmt: skip
def test_an_unusable_file(examined: Any, content: bytes, words: str) -> None:
    found = examined(content)
    assert (found.state, found.exit_code) == ("unusable", 4) and words in found.error and found.hint


def test_a_session_that_lies_askew_is_sent_to_recover(examined: Any, run: New) -> None:
    found = examined(b"12345" + run(50).data())
    assert found.state == "unusable" and "recover" in found.hint


@pytest.mark.parametrize("name", ["folder", "/dev/zero", "nothing"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    found = examine(tmp_path / name)
    assert found.state == "unusable" and found.hint


def test_a_file_larger_than_any_session(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(1 << 40)
    assert "no session is larger" in examine(tmp_path / "big").error


def test_rubbish_does_not_fill_the_memory_with_words(examined: Any, new: New) -> None:
    made = new()
    for i in range(1, 6001):
        made.event(i, 6)
    data = bytearray(made.data())
    for block in range(0, len(data), BLOCK):
        for record in range(block + 60, block + BLOCK, 48):
            data[record] ^= 1
    found = examined(bytes(data))
    last = found.losses[-1]
    assert 1000 < len(found.losses) < 1010 and "more places" in last.cause and last.to_ms is None
    assert (last.from_ms or 0) >= (found.losses[-2].from_ms or 0)


def test_as_json(examined: Any, run: New) -> None:
    found = examined(run(100, closed=False))
    assert json.loads(json.dumps(found.as_json()))["exit_code"] == 3
    assert replace(found, state="unusable").as_json()["exit_code"] == 4
