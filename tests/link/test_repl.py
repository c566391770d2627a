"""The REPL of a bare board, here a virtual one without the app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import DeviceError, LinkError, SleeveError
from kneesleeve.link.repl import Repl
from kneesleeve.link.serial_link import FrameLink

virtual = pytest.importorskip("kneesleeve.virtual")


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[str]:
    image = tmp_path / "flash.img"
    virtual.create_image(image)
    virtual.install_app(image, {"notes.txt": b"hello"})
    try:
        board = virtual.VirtualSleeve(image, virtual.Scenario(clock="wall"))
    except SleeveError as error:
        pytest.skip(error.message)
    with board:
        yield board.port


def test_code_runs_and_values_come_back(bare: str) -> None:
    with Repl(bare) as repl:
        assert repl.exec("print(6 * 7)").strip() == b"42" and repl.eval("(1, 'a')") == (1, "a")


def test_files_are_listed_with_their_sizes(bare: str) -> None:
    with Repl(bare) as repl:
        assert repl.list()["notes.txt"] == 5


def test_what_the_code_raises_is_a_device_error(bare: str) -> None:
    with Repl(bare) as repl, pytest.raises(DeviceError, match="ZeroDivisionError"):
        repl.exec("1 / 0")


def test_a_port_without_a_board_is_a_link_error_and_prints_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LinkError):
        Repl(str(tmp_path / "none"))
    assert capsys.readouterr().out == ""


def test_a_bare_board_does_not_pass_for_a_sleeve(bare: str) -> None:
    with pytest.raises(LinkError), Sleeve(FrameLink(bare, timeout_s=0.1)):
        pass
