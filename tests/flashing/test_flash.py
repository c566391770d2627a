"""From a blank board to a sleeve: what is in the flash afterwards, read back and run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from esp_idf_defs import PartitionTable
from mock_board import MockBoard  # pyright: ignore[reportMissingImports]

from kneesleeve.device.connect import connect
from kneesleeve.errors import DeviceError, LinkError
from kneesleeve.flashing.after import after_flash_check
from kneesleeve.flashing.maps import CHIPS, FLASH_MAPS, SECTOR, TABLE_AT, part
from kneesleeve.services.flash import Flashed
from kneesleeve.virtual import Scenario, VirtualSleeve

Flash = Callable[..., Flashed]


@pytest.mark.parametrize("flash_mb", FLASH_MAPS)
@pytest.mark.parametrize("chip", CHIPS)
def test_the_whole_flash_is_as_planned(
    chip: str, flash_mb: int, flashed: Flash, image_of: Callable[[str], Path], tmp_path: Path
) -> None:
    with MockBoard(chip, flash_mb) as board:
        done = flashed(board)
    flash, image, at = bytes(board.flash.data), image_of(chip).read_bytes(), CHIPS[chip].image_at
    table = PartitionTable.from_binary(flash[TABLE_AT : TABLE_AT + SECTOR])
    assert [(p.name, p.offset, p.size) for p in table] == [(p.label, p.offset, p.size) for p in FLASH_MAPS[flash_mb]]
    assert flash[0x10000 : at + len(image)] == image[0x10000 - at :]
    assert flash[at : at + 2] == image[:2] and flash[at + 3] >> 4 == {4: 2, 8: 3, 16: 4}[flash_mb]
    vfs, sessions = part(FLASH_MAPS[flash_mb], "vfs"), part(FLASH_MAPS[flash_mb], "sessions")
    assert set(flash[sessions.offset :]) == {0xFF}
    assert (done.baud, done.plan.lost, done.plan.kept) == (921_600, [], [])
    storage = tmp_path / "vfs.img"
    storage.write_bytes(flash[vfs.offset : vfs.end])
    assert answers(storage)["build"] == done.plan.app["version"]


def answers(storage: Path) -> dict:
    """INFO of a sleeve whose `vfs` partition this is."""
    with VirtualSleeve(storage, Scenario(clock="wall")) as sleeve:
        return after_flash_check(f"pty:{sleeve.port}", version="0.1.0", device="7c9ebd4a1e02")


def test_the_bootloaders_own_check_holds_after_its_flash_size_was_set(flashed: Flash) -> None:
    from esptool.bin_image import LoadFirmwareImage

    with MockBoard("esp32", 16) as board:
        flashed(board)
    boot: Any = LoadFirmwareImage("esp32", bytes(board.flash.data[0x1000:TABLE_AT]))
    assert boot.stored_digest == boot.calc_digest and boot.flash_size_freq >> 4 == 4


def test_a_real_micropython_image(board: MockBoard, flashed: Flash, real_image: Path) -> None:
    flashed(board, image=real_image, force=True)
    image, flash = real_image.read_bytes(), bytes(board.flash.data)
    assert flash[0x10000 : 0x1000 + len(image)] == image[0xF000:]
    assert flash[0x1000:TABLE_AT] == image[:0x7000]
    assert [p.name for p in PartitionTable.from_binary(flash[TABLE_AT : TABLE_AT + SECTOR])][-1] == "sessions"


def test_esptools_own_command_agrees(board: MockBoard, flashed: Flash, real_image: Path, tmp_path: Path) -> None:
    """Its verify-flash, in a process of its own, finds what the image holds."""
    import subprocess
    import sys

    flashed(board, image=real_image, force=True)
    program = tmp_path / "program.bin"
    program.write_bytes(real_image.read_bytes()[0xF000:])
    command = [
        sys.executable,
        "-m",
        "esptool",
        "--chip",
        "esp32",
        "--port",
        board.url,
        "verify-flash",
        "0x10000",
        str(program),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "Verification successful" in done.stdout, done.stdout


def test_what_is_there_already_is_not_written_again(board: MockBoard, flashed: Flash) -> None:
    flashed(board)
    writes = board.flash.writes
    flashed(board)
    assert board.flash.writes == writes > 0


def test_a_dry_run_writes_nothing_and_tells_all(board: MockBoard, flashed: Flash) -> None:
    done = flashed(board, dry_run=True)
    assert set(board.flash.data) == {0xFF} and board.flash.writes == 0
    assert [p.label for p in done.plan.pieces] == ["MicroPython", "vfs", "partition table", "bootloader"]
    assert done.mac == "240ac4e29526" and 0 < done.plan.seconds(921_600) < done.plan.seconds(115_200)


def test_the_app_that_does_not_answer_is_told_with_what_was_done(tmp_path: Path) -> None:
    import os
    import pty

    _, slave = pty.openpty()
    with pytest.raises(LinkError, match="All is written and verified, but the app does not answer"):
        after_flash_check(f"pty:{os.ttyname(slave)}", version="0.1.0", timeout_s=0.0)


def test_another_sleeve_on_the_port_is_not_taken_for_the_flashed_one(
    board: MockBoard, flashed: Flash, tmp_path: Path
) -> None:
    flashed(board)
    storage = tmp_path / "vfs.img"
    vfs = part(FLASH_MAPS[4], "vfs")
    storage.write_bytes(bytes(board.flash.data[vfs.offset : vfs.end]))
    with VirtualSleeve(storage, Scenario(clock="wall")) as sleeve:
        port = f"pty:{sleeve.port}"
        with pytest.raises(DeviceError, match=r"but 9.9 was written"):
            after_flash_check(port, version="9.9")
        with pytest.raises(DeviceError, match="but 000000000000 was flashed"):
            after_flash_check(port, version="0.1.0", device="000000000000")
        with connect(f"pty:{sleeve.port}") as still:
            assert still.pong is not None
