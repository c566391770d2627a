"""What a board carries is kept, or given up by name: configuration, counters, runs, other people's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import images  # pyright: ignore[reportMissingImports]
import pytest
from mock_board import MockBoard  # pyright: ignore[reportMissingImports]

import boards  # pyright: ignore[reportMissingImports]
from kneesleeve.errors import DeviceError, LinkError
from kneesleeve.flashing import keep
from kneesleeve.flashing.filesystem import BoardFiles
from kneesleeve.flashing.maps import FLASH_MAPS, Partition, part
from kneesleeve.flashing.plan import Consent
from kneesleeve.services.flash import Flashed

Flash = Callable[..., Flashed]

MAP = FLASH_MAPS[4]
VFS, SESSIONS = part(MAP, "vfs"), part(MAP, "sessions")
# an older map, say, with the runs elsewhere
MOVED = (*MAP[:3], Partition("vfs", 1, 0x81, 0x200000, 0x100000), Partition("sessions", 1, 0x40, 0x300000, 0x100000))
OWN = {
    "config.json": b'{"record_level": 1}' * 40,
    "config.old.json": b"{}",
    "counter.json": b'{"session": 9}',
    "notes.txt": b"x" * 999,
}
APP = {"boot.py": b"", "main.py": b"", "a/manifest.json": b"{}"}
VERIFIED, GIVEN_UP = 4, 8
MAC = "240ac4e29526"


def files_on(board: MockBoard) -> dict[str, bytes]:
    def read(offset: int, size: int) -> bytes:
        return bytes(board.flash.data[offset : offset + size])

    files = BoardFiles(read, VFS.offset, VFS.size)
    return {name: files.content(name) for name in files.root() if not name.endswith("/")}


def sleeve_board(
    board: MockBoard, partitions: tuple[Partition, ...] = MAP, files: dict[str, bytes] | None = None
) -> bytearray:
    boards.put_table(board.flash.data, partitions)
    boards.put_files(board.flash.data, partitions, APP | (OWN if files is None else files))
    return board.flash.data


def test_a_sleeves_own_files_are_carried_over_and_the_apps_replaced(board: MockBoard, flashed: Flash) -> None:
    sleeve_board(board)
    done = flashed(board)
    after = files_on(board)
    assert {name: after[name] for name in OWN} == OWN
    assert after.keys() == OWN.keys() | {"boot.py", "main.py"} and after["main.py"]
    assert len([line for line in done.plan.kept if line.startswith("/")]) == len(OWN)


def test_runs_stay_where_they_are(board: MockBoard, flashed: Flash) -> None:
    data = sleeve_board(board)
    boards.put_run(data, SESSIONS.offset, 3, 5)
    before = bytes(data[SESSIONS.offset :])
    done = flashed(board)
    assert bytes(data[SESSIONS.offset :]) == before and "all runs (`sessions` is not touched)" in done.plan.kept


def test_a_moved_map_is_refused_while_a_run_is_not_verified(board: MockBoard, flashed: Flash) -> None:
    data = sleeve_board(board, MOVED)
    boards.put_run(data, 0x300000, 3, 5, VERIFIED)
    boards.put_run(data, 0x310000, 4, 2)
    before = bytes(data)
    with pytest.raises(DeviceError, match="1 run that no pull has verified") as refused:
        flashed(board)
    assert bytes(data) == before and refused.value.exit_code == 1
    assert "sleeve pull --all" in refused.value.hint and "--erase-runs" in refused.value.hint


@pytest.mark.parametrize("status", [VERIFIED, GIVEN_UP])
def test_a_moved_map_is_fine_when_all_runs_are_safe(status: int, board: MockBoard, flashed: Flash) -> None:
    data = sleeve_board(board, MOVED)
    boards.put_run(data, 0x300000, 3, 5, status)
    done = flashed(board)
    assert set(data[SESSIONS.offset :]) == {0xFF} and "runs that a pull has verified" in done.plan.lost
    assert files_on(board)["config.json"] == OWN["config.json"]


@pytest.mark.parametrize("partitions", [MAP, MOVED], ids=["same map", "moved"])
def test_runs_that_were_given_up_are_erased(
    partitions: tuple[Partition, ...], board: MockBoard, flashed: Flash
) -> None:
    data = sleeve_board(board, partitions)
    boards.put_run(data, part(partitions, "sessions").offset, 3, 5)
    done = flashed(board, consent=Consent(erase_runs=True))
    assert set(data[SESSIONS.offset :]) == {0xFF} and "all runs on the board" in done.plan.lost


def test_a_run_with_a_damaged_header_counts(board: MockBoard, flashed: Flash) -> None:
    data = sleeve_board(board, MOVED)
    boards.put_run(data, 0x300000, 3, 1, VERIFIED)
    boards.put_run(data, 0x301000, 4, 1)
    data[0x301000 + 9] ^= 1
    with pytest.raises(DeviceError, match="1 run that no pull"):
        flashed(board)


def test_runs_in_the_file_system_count(board: MockBoard, flashed: Flash) -> None:
    """A sleeve on MicroPython's own map keeps them there."""
    sleeve_board(board, images.STOCK, OWN | {"ring/00000001-00000.blk": bytes(4096), "ring/count": b"9"})
    with pytest.raises(DeviceError, match="1 run that no pull has verified"):
        flashed(board)
    flashed(board, consent=Consent(erase_runs=True))
    assert files_on(board)["counter.json"] == OWN["counter.json"]


def test_other_peoples_files_are_refused_and_given_up_by_name(board: MockBoard, flashed: Flash) -> None:
    boards.put_table(board.flash.data, images.STOCK)
    boards.put_files(board.flash.data, images.STOCK, {"boot.py": b"# x", "main.py": b"blink()", "lib/led.py": b""})
    with pytest.raises(DeviceError, match=r"no sleeve's: (lib/, main.py|main.py, lib/)") as refused:
        flashed(board)
    assert "mpremote cp -r" in refused.value.hint and "--erase-files" in refused.value.hint
    done = flashed(board, consent=Consent(erase_files=True))
    assert {"/main.py", "/lib/"} <= set(done.plan.lost) and files_on(board).keys() == {"boot.py", "main.py"}


def test_bare_micropython_needs_no_consent(board: MockBoard, flashed: Flash) -> None:
    """Its first start has left a boot.py; nvs is emptied, for it is another program's."""
    boards.put_table(board.flash.data, images.STOCK)
    boards.put_files(board.flash.data, images.STOCK, {"boot.py": b"# This file is executed on every boot"})
    board.flash.data[0x9000:0x9010] = b"somebody's state"
    flashed(board)
    assert set(board.flash.data[0x9000:0x10000]) == {0xFF}


def test_a_damaged_configuration_is_told_as_lost(board: MockBoard, flashed: Flash) -> None:
    data = sleeve_board(board)
    data[VFS.offset : VFS.offset + 8192] = bytes(8192)
    assert "the configuration: the board's file system cannot be read" in flashed(board).plan.lost


def test_what_a_cut_left_on_this_computer_is_put_back(
    board: MockBoard, flashed: Flash, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = sleeve_board(board)
    boards.put_run(data, SESSIONS.offset, 3, 5)
    from kneesleeve.flashing import bootloader, writing

    with monkeypatch.context() as patch:
        patch.setattr(writing, "BAUDS", (921_600,))
        patch.setattr(
            bootloader.Bootloader, "verify", lambda *args: (_ for _ in ()).throw(bootloader.WriteError("cut", hint="x"))
        )
        with pytest.raises(LinkError, match="half written") as cut:
            flashed(board)
    assert str(keep.copy_of(MAC)) in cut.value.hint and keep.copy_of(MAC).is_file()
    data[VFS.offset : VFS.offset + 8192] = bytes(8192)  # the cut came in the middle of the file system
    done = flashed(board)
    assert {name: files_on(board)[name] for name in OWN} == OWN
    assert any("from the copy of a cut flashing" in line for line in done.plan.kept)
    assert not keep.copy_of(MAC).exists()


def test_a_line_that_fails_while_reading_is_not_taken_for_a_damaged_file_system(
    board: MockBoard, flashed: Flash, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kneesleeve.flashing import bootloader

    sleeve_board(board)
    before = bytes(board.flash.data)
    whole = bootloader.Bootloader.read

    def fails(self: bootloader.Bootloader, offset: int, size: int) -> bytes:
        if offset > VFS.offset + 128:
            raise bootloader.WriteError("the line failed", hint="x")
        return whole(self, offset, size)

    monkeypatch.setattr(bootloader.Bootloader, "read", fails)
    with pytest.raises(LinkError, match="the line failed"):
        flashed(board)
    assert bytes(board.flash.data) == before


def test_a_dry_run_names_what_is_kept_and_lost(board: MockBoard, flashed: Flash) -> None:
    sleeve_board(board)
    before = bytes(board.flash.data)
    plan = flashed(board, dry_run=True).plan
    assert any(line.startswith("/config.json") for line in plan.kept) and plan.lost == []
    assert bytes(board.flash.data) == before


def test_the_copy_survives_nonsense(tmp_path: Path) -> None:
    assert keep.saved("none") == {}
    keep.save(MAC, {"config.json": b"\x00\xff"})
    assert keep.saved(MAC) == {"config.json": b"\x00\xff"}
    keep.copy_of(MAC).write_text("[1")
    assert keep.saved(MAC) == {}
