"""What goes wrong in a run: it is told, recorded, and never leaves the motor on or the sleeve dead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lives import ONLY_AT_BOOT, REASONS, config_of, live, make_image, pulses, runner, switched_on, until

from kneecore import faults
from kneecore.stride import BATCH, CUE_MS, LOST_SAMPLES
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.engines import core
from kneesleeve.engines.virtual import run_scenario
from kneesleeve.errors import DeviceError
from kneesleeve.recordings.drain import drain
from kneesleeve.services.verify import verify
from kneesleeve.virtual import Scenario


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return make_image(tmp_path / "flash.img")


@pytest.mark.parametrize("chip, code", [("thigh", faults.IMU_THIGH), ("shank", faults.IMU_SHANK)])
@pytest.mark.parametrize(
    "fault",
    [{"name": "imu_wrong_id", "who_am_i": 0x6B}, {"name": "imu_nack", "at_ms": 0, "for_ms": 10**9, "since": "boot"}],
    ids=["another chip", "no answer"],
)
def test_a_missing_imu_means_no_run_and_info_says_which(image, chip, code, fault):
    scenario = Scenario(presses=ONLY_AT_BOOT, faults=({**fault, "chip": chip},))
    with switched_on(image, scenario, runner()) as (virtual, sleeve):
        until(lambda: len(virtual.led_log()) > 1 and sleeve.info()["last_fault"], "the fault")
        info = sleeve.info()
        assert (info["state"], info["last_fault"], info["sessions"]) == ("idle", code, 0)
        assert sleeve.sessions() == []
    assert virtual.motor_log() == []


@pytest.mark.parametrize("chip", ["thigh", "shank"])
def test_a_chip_silent_for_300_ms_costs_no_sample(image, chip):
    """Its FIFO holds on; the batches of the silence bring nothing, the next ones bring it all, and verify agrees."""
    nack = {"name": "imu_nack", "chip": chip, "at_ms": 30_000, "for_ms": 300}
    life = live(image, runner(), faults=(nack,))
    s, played = life.session, drain(runner())
    n = len(played.shank_gyro)
    assert np.array_equal(s.drained.shank_gyro[:n], played.shank_gyro)
    assert np.array_equal(s.drained.thigh_gyro[:n], played.thigh_gyro)
    silent = np.flatnonzero(s.drained.n_shank[1400:1600] == 0) + 1401
    assert 14 <= len(silent) <= 15 and s.drained.n_shank.max() == 16
    assert life.info["last_fault"] == 0 and s.whole and verify(s).verdict == "exact"
    assert abs(len(s.strides) - len(core.run(played, life.info["params"]).strides)) <= 1


def test_a_chip_that_stays_silent_ends_the_run_within_a_second(image):
    nack = {"name": "imu_nack", "chip": "shank", "at_ms": 30_000, "for_ms": 10**8}
    life = live(image, runner(), faults=(nack,), presses=ONLY_AT_BOOT)
    close = life.session.close
    assert close is not None and close.reason == REASONS["fault"] and 1500 < close.batch <= 1550
    assert life.codes()[-2] == ("fault", faults.IMU_SHANK) and life.info["last_fault"] == faults.IMU_SHANK
    assert verify(life.session).verdict == "exact"
    assert pulses(life.motor)  # ... and every pulse has its end


NO_RESERVE = b"""
import sys
sys.path.insert(0, "/a")
import gc
gc.threshold(4096)
from sleeveapp import app, recorder
gc.threshold(-1)
recorder.STRIDES_BYTES = recorder.RAW_RESERVE_BYTES = 0
app.main()
"""


def test_storage_that_fills_up_ends_the_record_but_not_the_cues(tmp_path):
    """Samples are not stopped in time, and the ring has room for the donning and the start of the run."""
    life = live(make_image(tmp_path / "small.img", session_blocks=20, main=NO_RESERVE), runner())
    s = life.session
    assert life.info["last_fault"] == faults.STORAGE_FULL
    assert s.close is not None and s.close.reason == REASONS["full"] and 700 < s.close.batch < 2900
    expected = core.run(drain(runner()), life.info["params"])
    cues = [ms for ms in expected.column("cue_ms") if ms]
    assert [ms for _, ms in pulses(life.motor)][2:] == cues and len(cues) >= 4
    assert [t for t, _ in pulses(life.motor) if t > 20_000 * s.close.batch]
    assert verify(s).verdict == "exact" and s.strides == expected.strides[: len(s.strides)]


def test_at_the_level_raw_samples_stop_where_half_an_hour_of_strides_would_not_fit_any_more(tmp_path):
    life = live(make_image(tmp_path / "small.img", session_blocks=52), runner())
    s = life.session
    (stop,) = [e for e in s.events if e.name == "level"]
    assert stop.arg == 0 and 100 < stop.batch < s.last_batch
    assert s.strides == core.run(drain(runner()), life.info["params"]).strides and s.closed
    verdict = verify(s)
    assert verdict.verdict == "exact" and verdict.checked_batches == stop.batch - 1 and life.info["last_fault"] == 0
    assert next(at for at, level in life.led if not level) < 20_000 * (stop.batch + 1), "the LED goes out"


def test_at_the_usual_level_windows_stop_where_four_hours_of_strides_would_not_fit_any_more(tmp_path):
    life = live(make_image(tmp_path / "small.img", config=config_of(level=1), session_blocks=309), runner())
    s = life.session
    (stop,) = [e for e in s.events if e.name == "level"]
    cues = [x for x in s.strides if x[CUE_MS]]
    assert stop.arg == 0 and any(x[BATCH] < stop.batch for x in cues) and any(x[BATCH] > stop.batch for x in cues)
    assert s.closed and s.strides == core.run(drain(runner()), life.info["params"]).strides
    assert (verify(s).verdict, verify(s).exit_code) == ("exact", 0) and life.info["last_fault"] == 0


def test_windows_are_spread_out_once_half_of_their_room_is_used(tmp_path):
    """A minute between two: in this run none any more. So a long run has some to its end."""
    life = live(make_image(tmp_path / "small.img", config=config_of(level=1), session_blocks=316), runner())
    s = life.session
    ends = [e.batch for e in s.events if e.name == "window" and not e.arg]
    cues = [x[BATCH] for x in s.strides if x[CUE_MS]]
    assert not [e for e in s.events if e.name == "level"] and 1 <= len(ends) < len(cues)
    assert max(cues) > max(ends) + 100 and verify(s).exit_code == 0


BROKEN_FLASH = b"""
import sys
sys.path.insert(0, "/a")
import gc
gc.threshold(4096)
from sleeveapp import app, ring_partition
gc.threshold(-1)
program = ring_partition.PartitionRing.program
calls = [0]
def failing(self, block, offset, buf, at, n):
    calls[0] += 1
    if calls[0] == 100:
        raise OSError(5)
    program(self, block, offset, buf, at, n)
ring_partition.PartitionRing.program = failing
app.main()
"""


def test_a_flash_that_fails_ends_the_record_but_not_the_cues(tmp_path):
    image = make_image(tmp_path / "flash.img", main=BROKEN_FLASH)
    life = live(image, runner())
    s = life.session
    assert life.info["last_fault"] == faults.STORAGE_ERROR and not s.closed
    expected = core.run(drain(runner()), life.info["params"])
    assert [ms for _, ms in pulses(life.motor)][2:] == [ms for ms in expected.column("cue_ms") if ms]
    assert verify(s).verdict == "exact" and not s.losses
    again = live(image, runner())
    assert len(again.sessions) == 2 and verify(again.sessions[1]).verdict == "exact"


NO_STORAGE = b"""
import sys
sys.path.insert(0, "/a")
import gc
gc.threshold(4096)
from sleeveapp import app, store
gc.threshold(-1)
def nothing(partition):
    raise OSError(5)
store._device = nothing
app.main()
"""


def test_a_sleeve_without_storage_still_answers_and_still_cues(tmp_path):
    image = make_image(tmp_path / "flash.img", main=NO_STORAGE)
    with switched_on(image, run_scenario(runner(), charge_bus=False), runner()) as (virtual, sleeve):
        until(lambda: _fault(sleeve), "the end of a run that is not recorded")
        info = sleeve.info()
        assert (info["last_fault"], info["free_bytes"], sleeve.sessions()) == (faults.STORAGE_ERROR, 0, [])
    assert len(pulses(virtual.motor_log())) > 5


def test_a_sleeve_that_is_full_still_answers_and_still_cues(tmp_path):
    image = make_image(tmp_path / "small.img", session_blocks=20, main=NO_RESERVE)
    live(image, runner())
    with switched_on(image, run_scenario(runner(), charge_bus=False), runner()) as (virtual, sleeve):
        until(lambda: _fault(sleeve), "the end of a run that is not recorded")
        assert sleeve.info()["last_fault"] == faults.STORAGE_FULL
        entry = sleeve.sessions()[0]
        assert sleeve.read(entry.id, 0, 4096)[:4] == b"KSLV"
    assert len(pulses(virtual.motor_log())) > 5


def _fault(sleeve: Sleeve) -> int:
    """The last run's fault; 0 while one goes on."""
    try:
        return int(sleeve.info()["last_fault"])
    except DeviceError:
        return 0


def test_a_fifo_that_ran_over_is_recorded_and_the_run_goes_on(tmp_path):
    """A loop that stood still for 1.5 s (a main.py that stalls it once): DROPOUT, a fault, then strides again."""
    stall = b"""
import sys
sys.path.insert(0, "/a")
import gc
gc.threshold(4096)
from sleeveapp import app, run
gc.threshold(-1)
batch = run.Run._batch
stalls = [1500]
def slow(self):
    if self._pipe.batches in stalls:
        stalls.clear()
        self._board.clock.sleep_ms(1500)
    batch(self)
run.Run._batch = slow
app.main()
"""
    life = live(make_image(tmp_path / "flash.img", main=stall), runner())
    s = life.session
    assert [(d.batch, d.chip, d.cause) for d in s.dropouts] == [(1500, 2, 1)]
    assert ("fault", faults.FIFO_OVERRUN) in life.codes()
    assert [x for x in s.strides if x[BATCH] > 1560] and s.closed
    verdict = verify(s)
    assert (verdict.verdict, verdict.exit_code, verdict.checked_share) == ("exact", 3, 1.0)
    assert [x[LOST_SAMPLES] for x in s.strides if x[LOST_SAMPLES]] == [s.dropouts[0].samples] != [0]
    assert any(1500 <= state.batch <= 1600 for state in s.states), [state.batch for state in s.states]
    assert pulses(life.motor)


def test_a_run_without_flex_sensor_is_told(image):
    from dataclasses import replace

    life = live(image, replace(runner(), flex_mv=None))
    assert ("fault", faults.FLEX_MISSING) in life.codes() and life.info["last_fault"] == faults.FLEX_MISSING
    assert len(life.session.strides) > 40 and verify(life.session).verdict == "exact"


def test_the_faded_schedule_and_quiet_mode_reach_the_motor(tmp_path):
    quiet = live(make_image(tmp_path / "q.img", config=config_of(cue_mode=0)), runner())
    assert len(pulses(quiet.motor)) == 2 and any(r[4] for r in quiet.session.strides)
    eighth = live(make_image(tmp_path / "e.img", config=config_of(run_number=8)), runner())
    assert len(pulses(eighth.motor)) == 2


def test_the_run_scenario_presses_twice():
    """Guards `live`: one press begins the run, one ends it."""
    assert [p.since for p in run_scenario(runner()).presses] == ["boot", "motion"]
