"""Session files: everything that was recorded is read, and everything that is missing is named."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from block_writers import BLOCK
from session_files import CALIBRATION, RAW, STRIDE, SessionFile

from kneecore import params
from kneecore.stride import FIELD_NAMES, NULL
from kneesleeve.errors import SessionError
from kneesleeve.sessions.reader import open_session
from kneesleeve.sessions.session import Close, Dropout, Event, Session

New = Callable[..., SessionFile]


def opened(path: Path, content: bytes | SessionFile) -> Session:
    path.write_bytes(content.data() if isinstance(content, SessionFile) else content)
    return open_session(path)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 0x40,)) + data[at + 1 :]


# what is there


def test_a_whole_session_is_whole(path: Path, run: New) -> None:
    s = opened(path, run())
    assert s.whole and s.closed and not s.losses and s.certain_batch == s.last_batch == 200


def test_meta_and_params(path: Path, new: New) -> None:
    s = opened(path, new(params={"arm_dps": 170}))
    assert s.meta["device"] == "ab12" and s.params == params.defaults() | {"arm_dps": 170}


def test_samples_and_batches_are_as_recorded(path: Path, new: New) -> None:
    made = new()
    made.raw(1, 4, 5)
    made.raw(2, 5, 3, mv=900)
    d = opened(path, made).drained
    assert d.n_shank.tolist() == [4, 5] and d.n_thigh.tolist() == [5, 3] and d.flex_mv.tolist() == [1500, 900]
    assert d.shank_gyro[:, 0].tolist() == [1] * 4 + [2] * 5 and d.shank_gyro[0].tolist() == [1, 100, 0]
    assert d.thigh_gyro[4].tolist() == [1, 200, 4] and d.thigh_accel[0].tolist() == [-1, 0, 7]
    assert d.thigh_gyro.dtype == np.int16


def test_a_batch_without_a_record_has_no_samples(path: Path, new: New) -> None:
    made = new()
    made.raw(2)
    made.raw(5)
    d = opened(path, made).drained
    assert d.n_shank.tolist() == [0, 4, 0, 0, 4] and d.flex_mv.tolist() == [-1, 1500, -1, -1, 1500]


def test_times_grow_past_the_counter(path: Path, new: New) -> None:
    made = new()
    for batch in (1, 2, 3):
        made.raw(batch, ticks_us=(1 << 30) - 40_000 + 20_000 * batch)
    assert np.diff(opened(path, made).drained.ticks_us).tolist() == [20_000, 20_000]


def test_strides_are_tuples_in_field_order(path: Path, run: New) -> None:
    made = run()
    assert opened(path, made).strides == made.strides


def test_strides_of_another_field_order_are_sorted(path: Path) -> None:
    made = SessionFile(version=1, stride_fields=["batch", "ic", "news"])
    made.record(STRIDE, struct.pack("<3i", 12, 34, 56))
    stride = dict(zip(FIELD_NAMES, opened(path, made).strides[0], strict=True))
    assert (stride["ic"], stride["batch"], stride["to"]) == (34, 12, NULL)


def test_calibration_and_its_batch(path: Path, run: New) -> None:
    s = opened(path, run())
    assert s.calibration == CALIBRATION and s.accepted_batch == 10 and not s.calibration_given


def test_a_given_calibration_is_from_batch_0(path: Path, new: New) -> None:
    s = opened(path, new(calibration_given=list(CALIBRATION)))
    assert s.calibration == CALIBRATION and s.accepted_batch == 0 and s.calibration_given


def test_without_a_calibration(path: Path, new: New) -> None:
    s = opened(path, new())
    assert s.calibration is None and s.accepted_batch == -1


def test_events_dropouts_and_close(path: Path, new: New) -> None:
    made = new()
    made.event(3, 6)
    made.dropout(4, 99)
    made.close(5)
    s = opened(path, made)
    assert s.events == [Event(3, 6, 0)] and s.events[0].name == "stood"
    assert s.dropouts == [Dropout(4, 0, 1, 99)] and s.close and s.close[:4] == Close(5, 0, 0, 1)[:4] and not s.whole


def test_unknown_record_types_are_skipped(path: Path, new: New) -> None:
    made = new()
    made.record(99, b"from the future")
    made.raw(1)
    s = opened(path, made)
    assert len(s.drained) == 1 and not s.losses


def test_duration_is_on_the_sleeves_clock(path: Path, run: New) -> None:
    assert opened(path, run(100)).duration_s == pytest.approx(2.0)


def test_a_session_without_raw_has_an_empty_run(path: Path, new: New) -> None:
    made = new()
    made.stride(batch=50)
    made.close(60)
    s = opened(path, made)
    assert len(s.drained) == 0 and s.duration_s == pytest.approx(1.2)


# what is missing


def test_an_interrupted_session_is_read_to_its_end(path: Path, run: New) -> None:
    s = opened(path, run(closed=False))
    assert not s.closed and not s.losses and len(s.drained) == 200 and s.certain_batch == 199


def test_a_damaged_record_loses_only_itself(path: Path, run: New, header: int) -> None:
    data = run().data()
    s = opened(path, flipped(data, BLOCK + header + 20))
    assert len(s.losses) == 1 and "lost" in s.losses[0].what and "block 1" in s.losses[0].where
    assert int((s.drained.n_shank == 0).sum()) == 1
    assert 0 < s.certain_batch < 60


def test_a_damaged_length_does_not_hide_the_records_after_it(path: Path, run: New, header: int) -> None:
    s = opened(path, flipped(run().data(), BLOCK + header + 2))
    assert int((s.drained.n_shank == 0).sum()) == 1


def test_a_damaged_header_loses_its_block(path: Path, run: New) -> None:
    s = opened(path, flipped(run().data(), 2 * BLOCK + 9))
    assert len(s.losses) == 1 and f"byte {2 * BLOCK}" in s.losses[0].where
    assert int((s.drained.n_shank == 0).sum()) > 20


def test_a_missing_block_is_named(path: Path, run: New) -> None:
    data = run().data()
    s = opened(path, data[:BLOCK] + data[2 * BLOCK :])
    assert "blocks 1-1 missing" in s.losses[0].where


def test_a_block_of_another_session_is_left_out(path: Path, run: New) -> None:
    data, other = run().data(), run(session_id=8).data()
    s = opened(path, data[:BLOCK] + other[BLOCK : 2 * BLOCK] + data[2 * BLOCK :])
    assert "of session 8" in s.losses[0].where


def test_a_block_that_comes_twice_counts_once(path: Path, run: New) -> None:
    data = run().data()
    s = opened(path, data[: 2 * BLOCK] + data[BLOCK:])
    assert len(s.drained) == 200 and s.drained.n_shank.sum() == 800 and "second time" in s.losses[0].where


def test_a_cut_file_says_where_it_ends(path: Path, run: New) -> None:
    data = run().data()
    s = opened(path, data[: 2 * BLOCK + 1000])
    assert not s.closed and "1000 bytes into a block" in s.losses[-1].where and len(s.drained) > 50


@pytest.mark.parametrize("cut", [1, 23, 24, 35, 36, 41, BLOCK - 1])
def test_a_file_may_be_cut_anywhere(path: Path, cut: int, run: New) -> None:
    assert opened(path, run().data()[: BLOCK + cut]).losses


def test_garbage_in_the_unused_rest_costs_no_record(path: Path, run: New) -> None:
    data = run().data()
    s = opened(path, data[:-8] + b"garbage!")
    assert s.closed and len(s.strides) == len(run().strides) and len(s.losses) == 1


def test_a_lost_meta_is_named(path: Path, run: New, header: int) -> None:
    s = opened(path, flipped(run().data(), header + 30))
    assert any("META" in str(loss) for loss in s.losses) and s.meta == {} and s.params == params.defaults()


def test_a_record_that_checks_but_makes_no_sense_is_named(path: Path, new: New) -> None:
    made = new()
    made.raw(1)
    made.record(RAW, struct.pack("<I", 2) + b"too short")
    made.raw(3)
    s = opened(path, made)
    assert "not readable" in s.losses[0].what and "RAW" in s.losses[0].where and s.drained.n_shank.tolist() == [4, 0, 4]


def test_a_batch_that_comes_again_is_named_not_read(path: Path, new: New) -> None:
    made = new()
    for batch in (1, 2, 2, 1, 3):
        made.raw(batch)
    s = opened(path, made)
    assert s.drained.n_shank.tolist() == [4, 4, 4] and len(s.losses) == 2 and "after batch 2" in s.losses[0].what


def test_an_absurd_batch_number_makes_no_absurd_arrays(path: Path, new: New) -> None:
    made = new()
    made.raw(1)
    made.record(RAW, struct.pack("<IIhBB", 1 << 31, 0, 0, 0, 0))
    s = opened(path, made)
    assert len(s.drained) == 1 and s.losses


def test_every_single_flipped_byte_is_survived_and_named(path: Path, run: New) -> None:
    data = run(30).data()
    whole = opened(path, data)
    for at in range(0, len(data), 37):
        s = opened(path, flipped(data, at))
        assert s.losses, at
        assert s.drained.n_shank.sum() <= whole.drained.n_shank.sum()


# what is no session


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello", "not a session file"),
        (bytes(3 * BLOCK), "not a session file"),
        (b"PK\x03\x04" + bytes(5000), "not a session file"),
        (flipped(SessionFile().data(), 8), "no block of it is readable"),
    ],
)
def test_no_session_file(path: Path, content: bytes, words: str) -> None:
    with pytest.raises(SessionError, match=words) as error:
        opened(path, content)
    assert error.value.exit_code == 4 and error.value.hint


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="is a folder"):
        open_session(tmp_path)


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(SessionError, match="There is no file"):
        open_session(path)


def test_a_newer_format_is_refused(path: Path, run: New) -> None:
    made = run(5)
    made.out.header["version"] = 3
    with pytest.raises(SessionError, match="format version 3") as error:
        opened(path, made)
    assert "Update" in error.value.hint


def test_incompatible_features_are_refused(path: Path, run: New) -> None:
    made = run(5)
    made.out.header["incompat"] = 4
    with pytest.raises(SessionError, match="0x04") as error:
        opened(path, made)
    assert "Update" in error.value.hint


def test_compatible_features_are_read(path: Path, run: New) -> None:
    made = run(5)
    made.out.header["compat"] = 255
    assert opened(path, made).whole


def test_a_longer_header_is_skipped(path: Path, run: New, header: int) -> None:
    made = run(3)
    made.out.header["length"] = header + 8
    data = made.data()
    s = opened(path, data[:header] + bytes(8) + data[header : BLOCK - 8])
    assert s.whole and len(s.drained) == 3
