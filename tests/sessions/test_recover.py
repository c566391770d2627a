"""Recover: what is readable comes out as clean files, from session files and from dumps of the storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from block_writers import BLOCK
from session_files import SessionFile, run_session

from kneesleeve.errors import SessionError, SleeveError, UsageError
from kneesleeve.services.recover import Recovered, recover
from kneesleeve.sessions.reader import contents_of

New = Callable[..., SessionFile]


def flipped(data: bytes, *places: int) -> bytes:
    out = bytearray(data)
    for place in places:
        out[place] ^= 0x10
    return bytes(out)


def records(data: bytes) -> list[tuple[int, int, bytes]]:
    return [(r.kind, r.sequence, r.payload) for r in contents_of(Path("x"), data).stream.records]


def recovered(tmp_path: Path, data: bytes, name: str = "out") -> list[Recovered]:
    source = tmp_path / "source.bin"
    source.write_bytes(data)
    return recover(source, tmp_path / name)


def test_a_clean_session_comes_out_as_it_is(tmp_path: Path, run: New) -> None:
    data = run(300).data()
    (one,) = recovered(tmp_path, data)
    assert one.path == tmp_path / "out" / "ab12-00000007.sleeve" and one.path.read_bytes() == data
    assert one.found.state == "clean" and one.damaged_bytes == one.adopted == 0
    assert [p.name for p in one.path.parent.iterdir()] == [one.path.name]


def test_damaged_records_are_left_out_and_still_missed(tmp_path: Path, run: New) -> None:
    data = flipped(run(300).data(), BLOCK + 200, 3 * BLOCK + 900)
    (one,) = recovered(tmp_path, data)
    assert records(one.path.read_bytes()) == records(data)
    assert [loss.records for loss in one.found.losses] == [1, 1] and one.damaged_bytes > 100
    assert one.found.exit_code == 3


def test_recovering_twice_changes_nothing(tmp_path: Path, run: New) -> None:
    (one,) = recovered(tmp_path, flipped(run(300).data(), BLOCK + 200, 2 * BLOCK + 3)[:-700])
    (again,) = recover(one.path, tmp_path / "again")
    assert again.path.read_bytes() == one.path.read_bytes()


def test_a_cut_file_ends_in_a_whole_block(tmp_path: Path, run: New) -> None:
    data = run(300).data()[: 3 * BLOCK + 1000]
    (one,) = recovered(tmp_path, data)
    assert one.path.stat().st_size == 4 * BLOCK and records(one.path.read_bytes()) == records(data)


def test_a_block_with_a_damaged_header_is_kept_where_it_fits(tmp_path: Path, run: New) -> None:
    """The reader must leave it out: it could be anybody's. Its place and its sequences tell whose it is."""
    whole = run(300).data()
    (one,) = recovered(tmp_path, flipped(whole, 2 * BLOCK + 9, 3 * BLOCK + 1))
    assert one.adopted == 2 and one.found.state == "clean" and records(one.path.read_bytes()) == records(whole)


def test_the_first_block_too(tmp_path: Path, run: New) -> None:
    whole = run(300).data()
    (one,) = recovered(tmp_path, flipped(whole, 0))
    assert one.adopted == 1 and records(one.path.read_bytes()) == records(whole)


def test_a_block_of_another_session_with_a_damaged_header_is_not_kept(tmp_path: Path, run: New) -> None:
    whole, other = run(300).data(), run(300, session_id=8).data()
    (one,) = recovered(tmp_path, whole[: 2 * BLOCK] + flipped(other[BLOCK : 2 * BLOCK], 9) + whole[3 * BLOCK :])
    assert one.adopted == 0 and one.found.state == "loss"


@pytest.mark.parametrize("shift", [0, 4, 17, 4095])
def test_a_dump_of_a_ring_gives_every_session(tmp_path: Path, shift: int) -> None:
    """Erased blocks, rubbish, sessions across the ring's end, another sleeve's: at any offset."""
    one = run_session(300, version=2, session_id=7, first_write=20).data()
    two = run_session(100, version=2, session_id=8, first_write=40, device="ab12", closed=False).data()
    old = run_session(60, version=1, session_id=7).data()
    middle = 5 * BLOCK
    dump = b"\0" * shift + one[middle:] + b"\xff" * BLOCK + b"rubbish!" * 1024 + two + old + one[:middle]
    found = recovered(tmp_path, dump)
    names = [f.path.name for f in found]
    assert names == ["ab12-00000007.sleeve", "ab12-00000007-2.sleeve", "ab12-00000008.sleeve"]
    assert [f.path.read_bytes() for f in found] == [old, one, two]
    assert [f.found.state for f in found] == ["clean", "clean", "unclosed"]


def test_bytes_missing_in_the_middle_of_a_dump(tmp_path: Path, run: New) -> None:
    data = run(300).data()
    (one,) = recovered(tmp_path, data[: 2 * BLOCK + 1000] + data[2 * BLOCK + 1100 :])
    assert 0 < sum(loss.records or 0 for loss in one.found.losses) < 5 and one.found.closed and not one.adopted


def test_of_two_copies_the_better_one_is_kept(tmp_path: Path, run: New) -> None:
    whole = run(300).data()
    (one,) = recovered(tmp_path, flipped(whole, BLOCK + 200, 2 * BLOCK + 300) + whole[: 4 * BLOCK])
    assert one.path.read_bytes() == whole


def test_a_name_for_a_single_session(tmp_path: Path, run: New) -> None:
    assert recovered(tmp_path, run(5).data(), "x.sleeve")[0].path == tmp_path / "x.sleeve"
    with pytest.raises(UsageError, match="2 sessions"):
        recovered(tmp_path, run(5).data() + run(5, session_id=9).data(), "y.sleeve")


def test_nothing_is_overwritten_without_force(tmp_path: Path, run: New) -> None:
    recovered(tmp_path, run(5).data(), "x.sleeve")
    with pytest.raises(SleeveError, match="there already"):
        recovered(tmp_path, run(6).data(), "x.sleeve")
    recover(tmp_path / "source.bin", tmp_path / "x.sleeve", force=True)
    assert (tmp_path / "x.sleeve").read_bytes() == run(6).data()


def test_of_several_none_is_written_if_one_is_there(tmp_path: Path, run: New) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ab12-00000009.sleeve").write_bytes(b"mine")
    with pytest.raises(SleeveError, match="nothing was written"):
        recovered(tmp_path, run(5).data() + run(5, session_id=9).data())
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["ab12-00000009.sleeve"]


def test_the_source_is_never_overwritten(tmp_path: Path, run: New) -> None:
    source = tmp_path / "a.sleeve"
    source.write_bytes(run(5).data())
    with pytest.raises(UsageError, match="recover from"):
        recover(source, source, force=True)


@pytest.mark.parametrize("content", [b"nothing here" * 1000, b"KSLV" * 3000, b"\xff" * 9000])
def test_nothing_to_recover(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SessionError, match="no record") as error:
        recovered(tmp_path, content)
    assert error.value.exit_code == 4 and not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path, run: New) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(SleeveError, match="Cannot write"):
        recovered(tmp_path, run(5).data())


def test_a_device_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    made = run_session(5, version=2, device="../../etc/x")
    (one,) = recovered(tmp_path, made.data())
    assert one.path.parent == tmp_path / "out" and "/" not in one.path.name
