"""The Python interface: what an engineer gets from a session."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from block_writers import BLOCK
from session_files import CUE_MS, SessionFile, run_session, samples
from stride_bits import NULL

import kneesleeve

New = Callable[..., SessionFile]


@pytest.fixture
def opened(path: Path) -> Callable[[SessionFile], kneesleeve.Session]:
    def open_it(made: SessionFile) -> kneesleeve.Session:
        path.write_bytes(made.data())
        return kneesleeve.open_session(path)

    return open_it


def raw_session(hz: float, batches: int = 1500, version: int = 2, drift_ms: float = 0.0) -> SessionFile:
    """A shank at `hz` on the board's clock, a thigh 2 % faster; batches of 20 ms, 25 to a record."""
    made = SessionFile(version=version)
    seen = [0, 0]
    rows = []
    for batch in range(1, batches + 1):
        now_us = 20_000 * batch + int(1000 * drift_ms * np.sin(batch / 40))
        counts = [int(now_us * 1e-6 * rate) for rate in (hz, 1.02 * hz)]
        shank, thigh = (samples(batch, 100, counts[i] - seen[i]) for i in (0, 1))
        rows.append((batch, now_us & 0x3FFFFFFF, 1500, shank, thigh))
        seen = counts
        if len(rows) == 10:
            made.raws(rows)
            rows = []
    made.close(batches)
    return made


def test_importing_it_imports_nothing_else() -> None:
    code = "import sys, kneesleeve; print([m for m in ('numpy', 'typer', 'kneesleeve.sessions') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout == "[]\n"


def test_it_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = kneesleeve.nonsense  # pyright: ignore[reportAttributeAccessIssue]
    assert {"open_session", "Session", "SleeveError"} <= set(dir(kneesleeve))


def test_metadata(opened: Any, run: New, version: int) -> None:
    s = opened(run(100, build="1.2.3"))
    assert (s.format, s.device, s.session, s.level, s.build) == (version, "ab12", 7, "raw", "1.2.3")
    assert s.closed and not s.interrupted and s.ended_by == "button" and s.clean and s.losses == []
    assert s.params["arm_dps"] == 150 and s.calibration[1] == 90 and s.started is None
    assert s.marks == (["closed"] if version == 2 else []) and s.length_s == pytest.approx(2.0)
    assert "session 7 of ab12" in repr(s).lower().replace("<", "") and "2.0 s" in repr(s)


def test_an_interrupted_session_says_so(opened: Any, run: New) -> None:
    s = opened(run(100, closed=False))
    assert s.interrupted and not s.closed and s.ended_by == "interrupted" and not s.clean


def test_a_session_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(kneesleeve.SleeveError) as error:
        kneesleeve.open_session(tmp_path / "none.sleeve")
    assert error.value.hint


def test_strides_have_units_and_nan(opened: Any, new: New) -> None:
    made = new(calibration_given=[0] * 32)
    made.stride(index=0, ic=208, to=NULL, judged=0, collapse_mdeg=NULL, batch=63, reason=2)
    made.stride(index=1, ic=416, to=468, judged=1, over=1, collapse_mdeg=-4321, stride_samples=208, batch=113,
                reason=1, cue_ms=150, cue_batch=113)  # fmt: skip
    made.close(200)
    t = opened(made).strides
    assert {len(column) for column in t.values()} == {2}
    assert np.isnan(t["collapse_mdeg"][0]) and t["collapse_mdeg"][1] == -4321
    assert t["ic_s"] == pytest.approx([1.0, 2.0]) and np.isnan(t["to_s"][0]) and t["to_s"][1] == pytest.approx(2.25)
    assert np.isnan(t["stride_s"][0]) and t["stride_s"][1] == pytest.approx(1.0)
    assert t["contact_ms"][1] == pytest.approx(250.0) and t["over"].tolist() == [False, True]
    assert t["reason"].tolist() == ["learning", "cued"] and t["cue_ms"].tolist() == [0, 150]
    assert np.isnan(t["cue_at_s"][0]) and t["cue_at_s"][1] == pytest.approx(113 * 0.02)


def test_events_by_name(opened: Any, new: New) -> None:
    made = new()
    made.event(50, 7, 91)
    made.event(60, 99, -1)
    e = opened(made).events
    assert e["t_s"].tolist() == [1.0, 1.2] and e["event"].tolist() == ["accepted", "event_99"]
    assert e["argument"].tolist() == [91, -1] and e["code"].tolist() == [7, 99]


def test_samples_in_lsb_and_in_units(opened: Any, new: New) -> None:
    made = new()
    made.raw(1, 2, 3)
    s = opened(made)
    assert s.shank_gyro_lsb.tolist() == [[1, 100, 0], [1, 100, 1]] and s.thigh_accel_lsb.shape == (3, 3)
    assert s.shank_gyro_dps[0] == pytest.approx([0.07, 7.0, 0.0]) and s.shank_gyro_dps.dtype == np.float32
    assert s.shank_accel_g[0] == pytest.approx([-0.000488, 0.0, 0.003416])
    assert s.thigh_gyro_dps.shape == s.thigh_accel_g.shape == (3, 3)
    assert s.batches["shank_samples"].tolist() == [2] and s.batches["flex_mv"].tolist() == [1500]


def test_the_scale_is_the_sessions_own(opened: Any, new: New) -> None:
    made = new(gyro_udps_per_lsb=35_000)
    made.raw(1)
    assert opened(made).shank_gyro_dps[0, 1] == pytest.approx(3.5)


@pytest.mark.parametrize("hz", [201.0, 208.0, 215.0])
def test_sample_times_follow_the_chips_own_rate(opened: Any, hz: float) -> None:
    """To 1 ms, though a drain only tells them to a sample (5 ms) and comes up to 4 ms early or late."""
    s = opened(raw_session(hz, drift_ms=4))
    assert len(s.shank_t_s) == len(s.shank_gyro_lsb) and len(s.thigh_t_s) == len(s.thigh_gyro_lsb)
    for t_s, rate in ((s.shank_t_s, hz), (s.thigh_t_s, 1.02 * hz)):
        truth = np.arange(1, len(t_s) + 1) / rate
        assert np.abs(t_s - truth).max() < 1e-3


def test_samples_behind_a_gap_are_at_their_own_time(opened: Any, new: New) -> None:
    made = new()
    for batch in [*range(1, 51), *range(101, 151)]:
        made.raw(batch, 4, 4)
    t_s = opened(made).shank_t_s
    assert 0.9 < t_s[199] < 1.01 and 1.98 < t_s[200] < 2.02 and 2.9 < t_s[-1] < 3.01


def test_samples_behind_a_dropout_are_at_their_own_time(opened: Any, new: New) -> None:
    """The FIFO ran over: a second passes in which there are batches, but their samples are gone."""
    made = new()
    for batch in range(1, 101):
        at_us = 20_000 * batch + (1_000_000 if batch > 50 else 0)
        if batch == 51:
            made.dropout(50, samples=208)
        made.raw(batch, 4, 4, ticks_us=at_us)
    s = opened(made)
    assert s.shank_t_s[199] < 1.01 and s.shank_t_s[200] > 1.98 and not s.clean


def test_a_lost_block_shifts_no_time(opened: Any, path: Path) -> None:
    made = raw_session(208.0)
    whole = opened(made)
    data = made.data()
    path.write_bytes(data[: 4 * BLOCK] + data[5 * BLOCK :])
    cut = kneesleeve.open_session(path)
    assert len(cut.shank_t_s) < len(whole.shank_t_s) and np.abs(cut.shank_t_s[-1] - whole.shank_t_s[-1]) < 2e-3
    (loss,) = cut.losses
    lost = np.setdiff1d(whole.batches["batch"], cut.batches["batch"])
    there = whole.shank_t_s[np.isin(whole.shank_gyro_lsb[:, 0], lost)]
    assert loss.from_ms is not None and loss.to_ms is not None
    assert loss.from_ms - 5 <= there.min() * 1000 and there.max() * 1000 <= loss.to_ms


def test_contacts_are_on_the_clock_of_the_samples(opened: Any) -> None:
    made = raw_session(201.0)
    made.out.blocks[-1].pop()  # the CLOSE comes last
    made.out.sequence -= 1
    made.stride(index=0, ic=4000, to=4050, judged=1, batch=int(4056 / 201 / 0.02) + 1)
    made.close(1500)
    s = opened(made)
    assert s.strides["ic_s"][0] == pytest.approx(4001 / 201, abs=2e-3)


def test_contacts_without_samples_use_the_clock_of_close(opened: Any) -> None:
    made = SessionFile(version=2, level="strides")
    for i in range(1, 200):
        ic = 15_000 * i
        made.stride(index=i, ic=ic, to=ic + 50, judged=1, batch=int((ic + 56) / 214 / 0.02) + 1)
    made.close(700_000, shank_ppm=round((214 / 208 - 1) * 1e6))
    s = opened(made)
    assert s.level == "strides" and len(s.shank_t_s) == 0
    assert s.strides["ic_s"] == pytest.approx(15_000 * np.arange(1, 200) / 214, abs=5e-3)


def test_the_start_in_wall_time(opened: Any) -> None:
    s = opened(run_session(50, version=2, started=1_700_000_000_000))
    assert s.started == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert str(s.wall_time([0.0, 1.5])[1]) == "2023-11-14T22:13:21.500000"


def test_the_start_from_a_time_record(opened: Any) -> None:
    made = SessionFile(version=2)
    made.time(100, 5000, 1_700_000_002_000)
    assert opened(made).started == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("started", [None, 12, True, "today", 1 << 70, 1.7e12])
def test_a_start_that_nobody_knows(opened: Any, started: Any) -> None:
    s = opened(run_session(20, version=2, started=started))
    assert s.started is None and s.wall_time([1.0]) is None


def test_a_name_that_no_terminal_shows(opened: Any) -> None:
    s = opened(run_session(5, version=2, device="a\ud800\x1b[2J\n", build=["x"], level=3))
    assert s.device == "a[2J" and s.build == "" and s.level == "unknown"


def test_without_meta(opened: Any) -> None:
    made = SessionFile(meta=False, version=2)
    made.raw(1)
    s = opened(made)
    assert s.device.startswith("tag-") and s.level == "unknown" and not s.clean


def test_the_integers_are_there_too(opened: Any, run: New) -> None:
    made = run(300)
    s = opened(made)
    assert s.recorded.strides == made.strides and (s.strides["cue_ms"] == CUE_MS).sum() == 2


def test_the_example_of_the_documentation_runs(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "sessions.md").read_text()
    code = text.split("```python\n", 1)[1].split("```", 1)[0]
    (path.parent / "run.sleeve").write_bytes(run_session(300, version=2).data())
    monkeypatch.chdir(path.parent)
    exec(compile(code, "docs/sessions.md", "exec"), {})
    assert "8 strides, 2 over, 2 answered" in capsys.readouterr().out


def test_every_column_is_in_the_documentation(opened: Any, new: New) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "sessions.md").read_text()
    s = opened(new())
    for name in [*s.strides, *s.events, *s.batches]:
        assert name in text.replace("`", " ").split(), name
