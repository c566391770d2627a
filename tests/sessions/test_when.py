"""When a run was, as a person reads it: across midnight, without a clock, on two sleeves with two clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from session_files import SessionFile, run_session

import kneesleeve
from kneesleeve.sessions.reader import open_session
from kneesleeve.sessions.when import UNKNOWN, in_words

BERLIN = timezone(timedelta(hours=1))
LATE = datetime(2026, 3, 1, 22, 50, tzinfo=UTC)


def test_a_run_within_a_day_names_one_date():
    assert in_words(LATE, 1200, UTC) == "Sun 1 March 2026, 22:50 to 23:10 (UTC+00:00)"


def test_a_run_across_midnight_names_both_dates_in_the_zone_of_the_reader():
    assert in_words(LATE, 2700, BERLIN) == "Sun 1 March 2026, 23:50 to Mon 2 March 2026, 00:35 (UTC+01:00)"
    assert in_words(LATE, 2700, timezone(timedelta(hours=-3, minutes=-30))).endswith("19:20 to 20:05 (UTC-03:30)")


def test_a_sleeve_that_never_knew_the_time_says_so():
    assert in_words(None, 2700) == UNKNOWN and "unknown" in UNKNOWN


def test_times_go_on_past_midnight(tmp_path: Path):
    path = tmp_path / "late.sleeve"
    ms = 1000 * int(datetime(2026, 3, 1, 23, 59, 58, tzinfo=UTC).timestamp())
    path.write_bytes(run_session(300, started=ms).data())
    run = kneesleeve.open_session(path)
    times = run.wall_time(run.strides["ic_s"])
    assert times is not None
    days = times.astype("datetime64[D]").astype(str).tolist()
    assert days[0] == "2026-03-01" and days[-1] == "2026-03-02" and days == sorted(days)


@pytest.mark.parametrize(("shank_ppm", "thigh_ppm"), [(30_000, -30_000), (-30_000, 20_000)])
def test_chips_whose_clocks_are_wrong_do_not_move_the_run(tmp_path: Path, shank_ppm: int, thigh_ppm: int):
    """Times are those of the board: a chip's rate changes how many samples there are, not how long it took."""
    path = tmp_path / "run.sleeve"
    made = SessionFile(level="raw")
    counts = np.floor(np.outer(np.arange(501), 4.16 * (1 + np.array([shank_ppm, thigh_ppm]) / 1e6))).astype(int)
    for batch, (n_s, n_t) in enumerate(np.diff(counts, axis=0).tolist(), 1):
        made.raw(batch, n_s, n_t)
    made.close(500, shank_ppm=shank_ppm, thigh_ppm=thigh_ppm)
    path.write_bytes(made.data())
    run = kneesleeve.open_session(path)
    assert run.length_s == pytest.approx(10.0, abs=0.001)
    for times in (run.shank_t_s, run.thigh_t_s):
        assert times[-1] == pytest.approx(10.0, abs=0.02) and np.all(np.diff(times) > 0)


def test_the_same_number_on_two_sleeves_is_two_runs(tmp_path: Path):
    paths = []
    for device in ("left01", "right2"):
        paths.append(tmp_path / f"{device}-00000007.sleeve")
        paths[-1].write_bytes(run_session(100, device=device).data())
    assert [open_session(p).meta["device"] for p in paths] == ["left01", "right2"]


def test_blocks_of_another_sleeve_are_not_mixed_in(tmp_path: Path):
    """The same session number, the same block numbers: only the device tag tells them apart."""
    mine, theirs = (run_session(400, device=name).data() for name in ("left01", "right2"))
    path = tmp_path / "mixed.sleeve"
    path.write_bytes(mine[: 2 * 4096] + theirs[2 * 4096 : 3 * 4096] + mine[3 * 4096 :])
    found = open_session(path)
    assert found.meta["device"] == "left01" and found.losses and len(found.drained) == 400
    assert not found.drained.n_shank[150:160].all() or found.certain_batch < 400
