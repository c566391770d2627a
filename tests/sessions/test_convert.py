"""Convert: the same table in three formats, with units, times and metadata."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from block_writers import BLOCK
from session_files import SessionFile, run_session
from stride_bits import NULL

from kneesleeve.errors import SessionError, SleeveError, UsageError
from kneesleeve.services.convert import Converted, convert

New = Callable[..., SessionFile]
STARTED = 1_700_000_000_000
SUFFIXES = (".csv", ".parquet", ".npz")


@pytest.fixture
def made() -> SessionFile:
    s = run_session(300, version=2, started=STARTED)
    s.out.blocks[-1].pop()
    s.out.sequence -= 1
    s.stride(index=8, ic=1100, to=NULL, judged=0, collapse_mdeg=NULL, batch=300, reason=3)
    s.close(300)
    return s


@pytest.fixture
def converted(path: Path) -> Callable[..., Converted]:
    def convert_it(made: SessionFile | bytes, suffix: str, what: str = "strides") -> Converted:
        path.write_bytes(made if isinstance(made, bytes) else made.data())
        return convert(path, path.with_name(f"out{suffix}"), what)

    return convert_it


def table(done: Converted) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Columns (None or NaN for no value) and metadata of a written file."""
    out = done.files[0]
    if out.suffix == ".csv":
        with out.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {k: [r[k] for r in rows] for k in rows[0]}, json.loads(done.files[1].read_text())
    if out.suffix == ".npz":
        with np.load(out) as file:
            return {k: file[k].tolist() for k in file.files if k != "meta_json"}, json.loads(str(file["meta_json"]))
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    arrow = pq.read_table(out)
    return arrow.to_pydict(), json.loads(arrow.schema.metadata[b"kneesleeve"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_strides(converted: Any, made: SessionFile, suffix: str) -> None:
    done = converted(made, suffix)
    columns, meta = table(done)
    assert done.rows == 9 and list(columns) == done.columns == meta["columns"] and not done.loss
    assert columns["time_s"] == columns["ic_s"] and str(columns["collapse_mdeg"][2]) in ("1002", "1002.0")
    nothing = {".csv": "", ".parquet": "None", ".npz": "nan"}[suffix]
    assert str(columns["collapse_mdeg"][8]) == nothing and columns["reason"][8] == "unjudged"
    assert str(columns["judged"][0]).lower() == "true" and str(columns["judged"][8]).lower() == "false"
    assert (meta["device"], meta["session"], meta["what"], meta["closed"]) == ("ab12", 7, "strides", True)
    assert meta["params"]["arm_dps"] == 150 and meta["started"] == "2023-11-14T22:13:20+00:00" and meta["losses"] == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_samples(converted: Any, made: SessionFile, suffix: str) -> None:
    done = converted(made, suffix, "samples")
    columns, _ = table(done)
    assert done.rows == 2400 and set(columns["chip"]) == {"shank", "thigh"} and columns["chip"].count("thigh") == 1200
    times = [float(t) for t in columns["time_s"]]
    assert times == sorted(times)
    thigh = columns["chip"].index("thigh")
    assert float(columns["gyro_y_dps"][thigh]) == pytest.approx(14.0)
    assert float(columns["accel_z_g"][0]) == pytest.approx(7 * 0.000488)
    assert {str(v) for v in columns["flex_mv"]} == {"1500"} and str(columns["batch"][-1]) == "300"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_events(converted: Any, made: SessionFile, suffix: str) -> None:
    columns, _ = table(converted(made, suffix, "events"))
    assert "motor_on" in columns["event"] and "t_s" not in columns
    assert float(columns["time_s"][0]) == pytest.approx(int(columns["batch"][0]) * 0.02)


def test_wall_time_is_iso_and_utc(converted: Any, made: SessionFile) -> None:
    columns, _ = table(converted(made, ".csv", "events"))
    assert columns["wall_time"][0] == "2023-11-14T22:13:22.200000Z" and columns["time_s"][0] == "2.200000"
    parquet, _ = table(converted(made, ".parquet", "events"))
    assert parquet["wall_time"][0].isoformat() == "2023-11-14T22:13:22.200000+00:00"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_without_a_known_start_there_is_no_wall_time(converted: Any, run: New, suffix: str) -> None:
    columns, meta = table(converted(run(100), suffix))
    assert "wall_time" not in columns and meta["started"] is None


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("what", ["strides", "events"])
def test_a_session_without_any_still_has_its_columns(converted: Any, new: New, suffix: str, what: str) -> None:
    s = new()
    s.close(5)
    done = converted(s, suffix, what)
    assert done.rows == 0 and "time_s" in done.columns and done.files[0].stat().st_size > 20


def test_a_session_with_losses_is_converted_and_says_so(converted: Any, made: SessionFile) -> None:
    data = made.data()
    done = converted(data[:BLOCK] + data[2 * BLOCK :], ".csv")
    assert done.loss and "missing" in table(done)[1]["losses"][0]["where"]
    assert converted(run_session(100, version=2, closed=False), ".csv").loss


def test_no_raw_samples(converted: Any) -> None:
    s = SessionFile(version=2, level="strides")
    s.close(10)
    with pytest.raises(SessionError, match="no raw samples") as error:
        converted(s, ".csv", "samples")
    assert error.value.exit_code == 4 and "--what" in error.value.hint


@pytest.mark.parametrize(
    ("suffix", "words"), [(".fit", "cannot be written yet"), (".xlsx", "no known"), ("", "no known")]
)
def test_another_format(converted: Any, made: SessionFile, suffix: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as error:
        converted(made, suffix)
    assert ".csv" in error.value.hint


def test_another_table(converted: Any, made: SessionFile) -> None:
    with pytest.raises(UsageError, match="nonsense"):
        converted(made, ".csv", "nonsense")


def test_without_pyarrow_the_hint_names_it(converted: Any, made: SessionFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SleeveError, match="pyarrow") as error:
        converted(made, ".parquet")
    assert "kneesleeve[parquet]" in error.value.hint


def test_what_cannot_be_written_leaves_nothing(path: Path, made: SessionFile, tmp_path: Path) -> None:
    path.write_bytes(made.data())
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(SleeveError, match="Cannot write"):
        convert(path, tmp_path / "out.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.sleeve", "out.csv"]


def test_npz_needs_no_pickle(converted: Any, made: SessionFile) -> None:
    with np.load(converted(made, ".npz", "samples").files[0], allow_pickle=False) as file:
        assert file["gyro_x_dps"].dtype == np.float32 and file["wall_time"].dtype == "datetime64[us]"
