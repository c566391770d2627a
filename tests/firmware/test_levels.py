"""What the three recording levels hold of the same run, and what of it can be proved afterwards."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lives import Life, blocks_of, config_of, live, make_image, pulses, runner

from kneecore import records as r
from kneecore import stride as f
from kneecore.params import defaults
from kneecore.pipeline import Pipeline
from kneesleeve.engines.core import drive
from kneesleeve.recordings.drain import drain
from kneesleeve.recordings.recording import Recording
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import open_session
from kneesleeve.sessions.session import Session


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Life]:
    folder = Path(tmp_path_factory.mktemp("levels"))
    return {
        name: live(make_image(folder / f"{name}.img", config=config_of(level=level)), runner())
        for level, name in enumerate(r.LEVEL_NAMES)
    }


@pytest.fixture
def windows(lives: dict[str, Life]) -> Session:
    return lives["windows"].session


def cued(session: Session) -> list[tuple[int, ...]]:
    return [s for s in session.strides if s[f.CUE_MS]]


def spans(session: Session) -> list[tuple[int, int]]:
    """(batch of its STATE, last batch) of each window; the run's end cuts the last one."""
    assert session.close
    begins = [e.batch for e in session.events if e.name == "window" and e.arg]
    ends = [e.batch for e in session.events if e.name == "window" and not e.arg]
    assert len(begins) - len(ends) in (0, 1)
    return list(zip(begins, [*ends, session.close.batch], strict=False))


def test_every_level_holds_the_same_strides_and_the_motor_does_the_same(lives):
    for life in lives.values():
        assert life.session.strides == lives["raw"].session.strides and life.motor == lives["raw"].motor
        assert life.session.closed and life.info["last_fault"] == 0
    assert [lives[name].session.meta["level"] for name in r.LEVEL_NAMES] == list(r.LEVEL_NAMES)


def test_strides_alone_agree_with_themselves_and_are_called_not_verifiable(lives):
    session = lives["strides"].session
    assert not len(session.drained) and not session.states
    assert verify(session).verdict == "unverifiable" and verify(session).exit_code == 4


def test_each_window_begins_with_a_state_and_holds_its_cue(windows):
    assert spans(windows) and [s.batch for s in windows.states] == [first for first, _ in spans(windows)]
    for stride in cued(windows):
        assert any(first < stride[f.BATCH] < last for first, last in spans(windows)), stride[f.INDEX]


def test_samples_are_recorded_in_windows_only_and_are_those_of_the_whole_run(windows, lives):
    whole = lives["raw"].session.drained
    for batch in range(1, len(windows.drained) + 1):
        inside = any(first < batch <= last for first, last in spans(windows))
        assert windows.drained.n_shank[batch - 1] == (whole.n_shank[batch - 1] if inside else 0), batch


def test_windows_are_proved_from_bytes_to_buzz(windows):
    v = verify(windows)
    assert (v.verdict, v.exit_code, v.difference) == ("exact", 0, None)
    assert v.checked_cues == len(cued(windows)) >= 4 and v.from_state_batches == v.checked_batches > 0
    assert 0 < v.checked_share < 0.5 and v.checked_strides >= 2 * v.checked_cues - 1


def test_a_state_in_the_record_is_that_of_the_core_on_cpython(lives):
    session = lives["raw"].session
    states = {s.batch: s.data for s in session.states}
    pipe, room = Pipeline(defaults()), bytearray(8192)
    for batch, _ in enumerate(drive(pipe, drain(runner())), 1):
        if batch in states:
            assert bytes(room[: pipe.save(room)]) == states.pop(batch), batch
    assert not states and len(session.states) >= 4


def test_raw_has_a_state_at_the_start_of_running_and_every_ten_seconds(lives):
    session = lives["raw"].session
    batches = [s.batch for s in session.states]
    assert batches[0] <= session.accepted_batch + 2
    assert all(500 <= b - a <= 550 for a, b in itertools.pairwise(batches))


def test_behind_a_damaged_block_the_check_goes_on_from_the_next_state(lives, tmp_path):
    life = lives["raw"]
    blocks = [content for _, content in sorted(blocks_of(life.image)[1].items())]
    hit = len(blocks) // 2
    path = tmp_path / "damaged.sleeve"
    path.write_bytes(b"".join(b"\0" * 4096 if i == hit else content for i, content in enumerate(blocks)))
    v = verify(open_session(path))
    assert (v.verdict, v.exit_code) == ("exact", 3) and len(v.sections) == 2
    assert 0.6 < v.checked_share < 1 and 0 < v.from_state_batches < v.checked_batches


def test_a_wrong_state_is_noticed(windows):
    """The first word that the next stride hangs on: the count of strides."""
    sections = [s._replace(state=s.state._replace(data=_spoilt(s.state.data))) for s in windows.sections if s.state]
    v = verify(replace(windows, sections=sections))
    assert v.verdict in ("differs", "unverifiable") and v.exit_code in (1, 4)


def _spoilt(data: bytes) -> bytes:
    """The batch number, its second word, one lower."""
    return data[:1] + bytes((data[1] ^ 2,)) + data[2:]


@pytest.mark.parametrize("level", r.LEVEL_NAMES)
def test_a_flash_of_usual_speed_costs_no_sample_and_no_cue(lives, tmp_path, level):
    """3 ms a page, 80 ms an erase, on a ring that was never erased: FIFOs are drained in time, and the motor is."""
    config = config_of(level=r.LEVEL_NAMES.index(level))
    life = live(make_image(tmp_path / "flash.img", config=config), runner(), flash_timing=True)
    s = life.session
    assert s.closed and not s.dropouts and life.info["last_fault"] == 0
    assert len(s.strides) == len(lives[level].session.strides) and verify(s).verdict != "differs"
    assert all(e.arg < 200 for e in s.events if e.name == "storage"), "a FIFO holds 1200 ms"
    cues = [x[f.CUE_MS] for x in s.strides if x[f.CUE_MS]]
    given = [ms for _, ms in pulses(life.motor)][2:]
    assert len(cues) >= 4 and all(0 <= ms - cue <= 20 for ms, cue in zip(given, cues, strict=True))


SLOW_FOR_A_WHILE = b"""
import sys
sys.path.insert(0, "/a")
import gc, time
gc.threshold(4096)
from sleeveapp import app, ring_partition
gc.threshold(-1)
program = ring_partition.PartitionRing.program
calls = [0]
def slow(self, block, offset, buf, at, n):
    calls[0] += 1
    if 80 <= calls[0] < 130:
        time.sleep_ms(500)
    program(self, block, offset, buf, at, n)
ring_partition.PartitionRing.program = slow
app.main()
"""


def test_what_a_slow_flash_costs_is_said_and_the_check_goes_on_behind_it(lives, tmp_path):
    """Calls of half a second: records find no room in RAM. The detector had the samples, the record has not."""
    life = live(make_image(tmp_path / "flash.img", main=SLOW_FOR_A_WHILE), runner())
    s = life.session
    assert {d.cause for d in s.dropouts} == {r.LOST_RAM} and s.closed and not s.losses
    assert len(s.strides) == len(lives["raw"].session.strides)
    v = verify(s)
    assert (v.verdict, v.exit_code) == ("exact", 3) and len(v.sections) > 1, v.difference
    assert v.from_state_batches > 0 and 0.5 < v.checked_share < 1


def stopping(**spec: int) -> Recording:
    """A run that ends in 5.6 s of standing."""
    run = runner(run_s=34.0, **spec)
    names = ("thigh_gyro", "thigh_accel", "shank_gyro", "shank_accel", "flex_mv")
    return replace(run, **{n: np.concatenate([getattr(run, n), *[getattr(run, n)[40:620]] * 2]) for n in names})


def test_what_was_held_when_the_runner_stopped_leaves_no_trace(tmp_path):
    """More is held then than there is room for: it is let go, all of it."""
    life = live(make_image(tmp_path / "flash.img", config=config_of(level=r.LEVEL_WINDOWS)), stopping())
    s = life.session
    for batch in np.flatnonzero(s.drained.n_shank) + 1:
        assert any(first < batch <= last for first, last in spans(s)), batch
    assert verify(s).exit_code == 0 and s.whole


def test_a_window_ends_three_seconds_after_the_last_cue_where_no_stride_ends_it(tmp_path):
    """Every stride collapses, then the runner stands: the last window ends by time."""
    life = live(make_image(tmp_path / "flash.img", config=config_of(level=r.LEVEL_WINDOWS)), stopping(collapse_every=1))
    s = life.session
    ends = [e.batch for e in s.events if e.name == "window" and not e.arg]
    assert cued(s) and ends[-1] == cued(s)[-1][f.BATCH] + 150 < s.last_batch - 50
    v = verify(s)
    assert (v.verdict, v.exit_code, v.checked_cues) == ("exact", 0, len(cued(s))), v.difference
