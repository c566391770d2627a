"""What becomes of sessions on the sleeve: interrupted, pulled, verified, given up, erased to make room."""

from __future__ import annotations

from pathlib import Path

import pytest
from lives import config_of, live, make_image, runner, sessions_at_rest, switched_on, until

from kneesleeve.engines.virtual import motion_of, run_scenario
from kneesleeve.errors import DeviceError
from kneesleeve.services.pull import pull
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import open_session
from kneesleeve.virtual import Press, Scenario, VirtualSleeve

AT_REST = Scenario()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return make_image(tmp_path / "flash.img")


def test_a_reset_in_a_run_leaves_a_session_that_is_proved_to_the_last_second(image, tmp_path):
    """The board is reset 1 s of its time after a cue; what was recorded until 1 s before the reset is there."""
    scenario = Scenario(clock="wall", speed=10, presses=(Press(8_000, since="boot"),))
    with VirtualSleeve(image, scenario, motion_of(runner())) as board:
        until(lambda: len(board.motor_log()) >= 6, "a cue", every_s=0.005)
        cue_us = board.motor_log()[-2][0]
        board.reset()
        until(lambda: board.restarts == 1, "the restart")
    with switched_on(image, AT_REST) as (_, sleeve):
        (entry,) = sleeve.sessions()
        assert entry.interrupted and not entry.closed and not entry.verified
        session = open_session(pull(sleeve, entry.id, tmp_path / "pulled").path)
    verdict = verify(session)
    assert verdict.verdict == "exact" and not session.closed and not session.losses
    assert session.last_batch * 20_000 > cue_us - 1_000_000 and verdict.checked_batches >= session.last_batch - 25


def test_a_pull_marks_and_only_what_is_marked_may_be_erased(image, tmp_path):
    live(image, runner())
    with switched_on(image, AT_REST) as (_, sleeve):
        with pytest.raises(DeviceError, match="not_verified"):
            sleeve.erase(1)
        assert pull(sleeve, 1, tmp_path / "out").verified
        assert [e.verified for e in sleeve.sessions()] == [True]
        sleeve.erase(1)
        assert sleeve.sessions() == []
        for request in (lambda: sleeve.read(1, 0, 4096), lambda: sleeve.erase(1), lambda: sleeve.verified(9)):
            with pytest.raises(DeviceError, match=r"\(not_found\)"):
                request()
    with switched_on(image, AT_REST) as (_, sleeve):
        assert sleeve.sessions() == []


def test_by_force_an_unverified_session_goes(image):
    live(image, runner())
    with switched_on(image, AT_REST) as (_, sleeve):
        sleeve.erase(1, force=True)
        assert sleeve.sessions() == []


def test_the_next_number_is_never_used_again(image):
    live(image, runner())
    with switched_on(image, AT_REST) as (_, sleeve):
        sleeve.erase(1, force=True)
    with switched_on(image, run_scenario(runner(), charge_bus=False), runner()) as (_, sleeve):
        until(lambda: sessions_at_rest(sleeve) == 1, "the run's end")
        assert [e.id for e in sleeve.sessions()] == [2]


def test_the_time_a_host_told_is_in_the_next_session(image, tmp_path):
    to_end = tuple(p for p in run_scenario(runner()).presses if p.since == "motion")
    with switched_on(image, Scenario(charge_bus=False, presses=to_end), runner()) as (virtual, sleeve):
        sleeve.set_time(1_800_000_000_000)
        virtual.press(200)
        until(lambda: sessions_at_rest(sleeve) == 1, "the run's end")
        session = open_session(pull(sleeve, 1, tmp_path).path)
    assert 0 <= session.meta["started"] - 1_800_000_000_000 < 120_000
    assert [t.unix_ms for t in session.times] == [session.meta["started"]]


def test_without_a_configuration_windows_around_cues_are_recorded(tmp_path):
    life = live(make_image(tmp_path / "flash.img", config=b"{}"), runner())
    assert life.session.meta["level"] == "windows" and len(life.session.drained) and verify(life.session).exit_code == 0


def test_a_board_without_a_partition_keeps_its_sessions_in_files(tmp_path):
    life = live(make_image(tmp_path / "flash.img", config=config_of()), runner(run_s=10.0), session_blocks=0)
    assert life.sessions == []
    with switched_on(life.image, Scenario(session_blocks=0)) as (_, sleeve):
        session = open_session(pull(sleeve, 1, tmp_path).path)
    assert verify(session).verdict in ("exact", "unverifiable") and session.closed and len(session.strides) > 5
