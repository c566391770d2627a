"""Device addresses, written by hand or found."""

from __future__ import annotations

from pathlib import Path

import pytest

from kneesleeve.device import address
from kneesleeve.device.address import Address, parse, the_only_board
from kneesleeve.device.connect import connect
from kneesleeve.errors import LinkError, UsageError
from kneesleeve.link.found import FoundPort

BOARD = FoundPort("/dev/ttyUSB0", "CP2102", 0x10C4, 0xEA60)
OTHER_BOARD = FoundPort("/dev/ttyACM0", "ESP32-S3", 0x303A, 0x1001)
MODEM = FoundPort("/dev/ttyS0", "ttyS0", None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("serial:/dev/ttyUSB0", Address("serial", "/dev/ttyUSB0")),
        ("serial:COM3", Address("serial", "COM3")),
        ("pty:/tmp/sleeve", Address("pty", "/tmp/sleeve")),
        ("virtual:/tmp/a.img", Address("virtual", "/tmp/a.img")),
    ],
)
def test_addresses(text: str, expected: Address) -> None:
    assert parse(text) == expected


def test_an_address_reads_as_it_was_written() -> None:
    assert str(parse("serial:/dev/ttyUSB0")) == "serial:/dev/ttyUSB0"


def test_the_default_image_is_in_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert parse("virtual:").where == str(tmp_path / "kneesleeve" / "virtual.img")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("/dev/ttyUSB0", "serial:/dev/ttyUSB0"),
        ("/dev/pts/4", "pty:/dev/pts/4"),
        ("COM3", "serial:COM3"),
        ("virtual", "virtual:"),
        ("serial:", "serial:/dev/ttyUSB0"),
        ("bluetooth:x", "serial:PORT"),
    ],
)
def test_another_form_is_refused_with_the_right_one(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(text)
    assert hint in error.value.hint


def test_the_single_board_is_taken() -> None:
    assert the_only_board([MODEM, BOARD]) == Address("serial", "/dev/ttyUSB0")


def test_no_board_lists_what_is_there() -> None:
    with pytest.raises(LinkError, match="/dev/ttyS0"):
        the_only_board([MODEM])


def test_several_boards_are_listed() -> None:
    with pytest.raises(LinkError, match=r"ttyUSB0.*10c4:ea60.*ttyACM0"):
        the_only_board([BOARD, OTHER_BOARD])


def test_without_an_address_the_ports_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "found_ports", lambda: [BOARD])
    assert parse(None) == parse("") == Address("serial", "/dev/ttyUSB0")


def test_a_virtual_sleeve_needs_its_image(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="no virtual sleeve"), connect(f"virtual:{tmp_path / 'none.img'}"):
        pass
