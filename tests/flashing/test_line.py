"""The way to the chip: wrong boards, lines that damage what goes over them, boards that vanish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from esp32_mock_bootloader import mock_bootloader
from mock_board import MockBoard  # pyright: ignore[reportMissingImports]

from kneesleeve.device.address import Address
from kneesleeve.errors import DeviceError, LinkError
from kneesleeve.flashing.bootloader import BOOT_BUTTON, Bootloader, MismatchError, chip_in_bootloader
from kneesleeve.services.flash import Flashed, Wanted, flash

Flash = Callable[..., Flashed]


@pytest.mark.parametrize("chip", ["esp32c3", "esp32s2", "esp8266"])
def test_a_chip_that_cannot_be_a_sleeve_is_refused(chip: str, flashed: Flash, image_of: Callable[[str], Path]) -> None:
    with MockBoard(chip) as board:
        with pytest.raises(DeviceError, match="a sleeve is built on an ESP32 or an ESP32-S3"):
            flashed(board, image=image_of("esp32"))
        assert board.flash.writes == 0


def test_an_image_for_the_other_chip_is_refused(
    board: MockBoard, flashed: Flash, image_of: Callable[[str], Path]
) -> None:
    with pytest.raises(DeviceError, match="is for the ESP32-S3, but the board has an ESP32") as refused:
        flashed(board, image=image_of("esp32s3"))
    assert "ESP32_GENERIC/" in refused.value.hint and set(board.flash.data) == {0xFF}


def test_a_small_flash_is_refused(flashed: Flash) -> None:
    with MockBoard(flash_mb=2) as board:
        with pytest.raises(DeviceError, match="2 MB of flash; a sleeve needs at least 4 MB"):
            flashed(board)
        assert board.flash.writes == 0


def test_a_damaged_image_never_reaches_the_board(board: MockBoard, flashed: Flash, image_of, tmp_path: Path) -> None:
    data = bytearray(image_of("esp32").read_bytes())
    data[0x12345] ^= 1
    bad = tmp_path / "bad.bin"
    bad.write_bytes(data)
    with pytest.raises(DeviceError, match=r"bad.bin is damaged"):
        flashed(board, image=bad)
    assert board.connections == 0


def test_a_line_that_damages_bytes_is_tried_slower(board: MockBoard, flashed: Flash) -> None:
    board.flash.spoiled = 2
    notes: list[str] = []
    done = flashed(board, notes=notes)
    assert (done.baud, board.connections) == (115_200, 3)
    assert [note.rsplit(". ", 1)[1] for note in notes] == [
        "Trying again at 460800 baud.",
        "Trying again at 115200 baud.",
    ]


def test_damage_to_a_piece_that_was_good_already_is_found(board: MockBoard, flashed: Flash) -> None:
    """All pieces are checked once more when the last one is written."""
    whole = board.flash.end_defl

    def flips_a_bit() -> None:
        whole()
        if board.flash.writes == 4:
            board.flash.data[0x10400] ^= 1

    board.flash.end_defl = flips_a_bit
    notes: list[str] = []
    assert flashed(board, notes=notes).baud == 460_800
    assert "verifying: what is in the flash is not what was sent" in notes[0]


def test_damage_at_every_rate_is_told_with_the_boards_state(board: MockBoard, flashed: Flash) -> None:
    board.flash.spoiled = 9
    with pytest.raises(MismatchError, match=r"what is in the flash is not what was sent.*half written") as failed:
        flashed(board)
    assert failed.value.exit_code == 1 and "run the same command again" in failed.value.hint


def test_unplugged_while_writing_and_flashed_again(board: MockBoard, flashed: Flash) -> None:
    whole = board.flash.begin_defl

    def pull_the_plug(payload: bytes) -> None:
        whole(payload)
        if board.flash.writes == 2:
            board.unplug()

    board.flash.begin_defl = pull_the_plug
    with pytest.raises(LinkError, match="half written and does nothing until it is flashed again") as cut:
        flashed(board)
    assert cut.value.exit_code == 5 and "its bootloader is in ROM" in cut.value.hint
    with MockBoard() as again:
        again.flash.data = board.flash.data
        assert flashed(again).baud == 921_600


def test_nobody_at_the_other_end(image_of: Callable[[str], Path]) -> None:
    import os
    import pty
    import tty

    _, slave = pty.openpty()
    tty.setraw(slave)
    with pytest.raises(LinkError, match="No bootloader answers at") as silent:
        Bootloader(os.ttyname(slave))
    assert silent.value.hint == BOOT_BUTTON and "BOOT" in BOOT_BUTTON
    assert chip_in_bootloader(os.ttyname(slave)) is None


def test_a_socket_without_a_board() -> None:
    with pytest.raises(LinkError, match=r"Cannot open socket://127.0.0.1:9"):
        Bootloader("socket://127.0.0.1:9")


def test_against_the_mock_as_it_comes(image_of: Callable[[str], Path]) -> None:
    """In its own process, through its public interface."""
    with mock_bootloader(chip="esp32s3", exit_on_disconnect=True) as mock:
        done = flash(
            Address("serial", mock.url()),
            Wanted(image=image_of("esp32s3"), check=False),
            tell=lambda text: None,
            progress=lambda done, total: None,
        )
    assert done.baud == 921_600 and done.plan.chip.name == "esp32s3"


def test_progress_rises_to_the_whole(board: MockBoard, image_of: Callable[[str], Path]) -> None:
    steps: list[tuple[int, int]] = []
    done = flash(
        Address("serial", board.url),
        Wanted(image=image_of("esp32"), check=False),
        tell=lambda text: None,
        progress=lambda n, total: steps.append((n, total)),
    )
    assert [n for n, _ in steps] == sorted(n for n, _ in steps) and steps[-1] == (done.plan.total, done.plan.total)
    assert len(steps) > 10
