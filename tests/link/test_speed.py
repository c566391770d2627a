"""The rate of the line: raised for a pull, and always back at the one that everybody begins with. Real firmware."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import LinkError
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.services.pull import pull
from kneesleeve.virtual import VirtualSleeve

BASE, TOP = 115_200, 921_600


def opened(board: VirtualSleeve, timeout_s: float = 0.5) -> Sleeve:
    return Sleeve(FrameLink(board.port, timeout_s=timeout_s))


def until_baud(board: VirtualSleeve, baud: int, limit_s: float = 5.0) -> None:
    end_s = time.monotonic() + limit_s
    while board.baud != baud and time.monotonic() < end_s:
        time.sleep(0.02)
    assert board.baud == baud


def test_a_pull_goes_at_the_highest_rate_and_leaves_the_usual_one(at_rest, tmp_path: Path) -> None:
    seen: set[tuple[int, int]] = set()
    with at_rest(clock="virtual") as board, opened(board) as sleeve:
        pulled = pull(sleeve, 1, tmp_path, lambda done, total: seen.add((board.baud, sleeve.link.baud)))
        assert (board.baud, sleeve.link.baud) == (BASE, BASE)
        assert sleeve.ping().state == "idle"
    assert (TOP, TOP) in seen and not pulled.losses


def test_each_rate_works_alone(at_rest) -> None:
    with at_rest(clock="virtual") as board, opened(board) as sleeve:
        for baud in (TOP, 460_800, 230_400):
            sleeve._speed._rates = [baud]
            with sleeve.fast():
                assert board.baud == baud and sleeve.ping() and sleeve.info()["device"] == "7c9ebd4a1e02"
            assert board.baud == BASE


def test_ends_at_different_rates_do_not_understand_each_other(at_rest) -> None:
    with at_rest(clock="virtual") as board, opened(board, 0.1) as sleeve:
        sleeve._speed.up()
        sleeve.link.set_baud(460_800)
        with pytest.raises(LinkError):
            sleeve.ping(retries=1)
        assert sleeve.link.stats.frames < 6


@pytest.mark.parametrize(("most", "found"), [(500_000, 460_800), (300_000, 230_400), (120_000, BASE)])
def test_a_line_that_cannot_do_it_is_used_at_what_it_can(at_rest, tmp_path: Path, most: int, found: int) -> None:
    seen: set[int] = set()
    with at_rest() as board, opened(board) as sleeve:
        board.disturb("link_rubbish_above", baud=most)
        pulled = pull(sleeve, 1, tmp_path, lambda done, total: seen.add(board.baud))
        assert board.baud == BASE
    assert found in seen and not pulled.losses


def test_a_line_that_goes_bad_in_mid_pull_is_used_at_a_lower_rate(at_rest, tmp_path: Path) -> None:
    seen: set[int] = set()

    def look(done: int, total: int) -> None:
        seen.add(board.baud)
        if done > 50_000:
            board.disturb("link_rubbish_above", baud=500_000)

    with at_rest() as board, opened(board) as sleeve:
        pulled = pull(sleeve, 1, tmp_path, look)
    assert {TOP, 460_800} <= seen and not pulled.losses


def test_a_rate_that_proved_bad_is_not_taken_again(at_rest) -> None:
    with at_rest() as board, opened(board) as sleeve:
        sleeve._speed.up()
        assert board.baud == TOP
        sleeve._speed.fall()
        assert board.baud == sleeve.link.baud == 460_800
        sleeve._speed.down()
        with sleeve.fast():
            assert board.baud == 460_800


def test_the_sleeve_returns_by_itself_when_the_host_is_gone(at_rest) -> None:
    with at_rest() as board:
        link = FrameLink(board.port)
        Sleeve(link)._speed.up()
        assert board.baud == TOP
        link.close()  # as a program that was killed leaves it
        until_baud(board, BASE)


def test_a_host_waits_for_a_sleeve_that_another_left_raised(at_rest) -> None:
    with at_rest(speed=2.0) as board:
        link = FrameLink(board.port)
        Sleeve(link)._speed.up()
        link.close()
        with opened(board, 2.0) as sleeve:
            assert sleeve.pong and board.baud == BASE


def test_a_pause_of_the_host_is_survived(at_rest) -> None:
    """The sleeve has gone back meanwhile, and so has the host, each by its own clock."""
    with at_rest(speed=1.5) as board, opened(board) as sleeve:
        sleeve._speed.up()
        time.sleep(2.2)
        assert sleeve.info()["state"] == "idle" and sleeve.link.baud == board.baud == BASE


def test_the_button_brings_the_usual_rate_back(at_rest) -> None:
    with at_rest(speed=1.0) as board:
        link = FrameLink(board.port)
        Sleeve(link)._speed.up()
        board.press(200)
        until_baud(board, BASE, 1.5)  # well before 3 s of silence are over
        link.close()


def test_a_reset_in_mid_pull_costs_time_and_nothing_else(at_rest, tmp_path: Path) -> None:
    resets: list[int] = []

    def reset_once(done: int, total: int) -> None:
        if done > 40_000 and not resets:
            resets.append(done)
            board.reset()

    with at_rest() as board, opened(board) as sleeve:
        pulled = pull(sleeve, 1, tmp_path, reset_once)
    assert resets and not pulled.losses


def test_rubbish_at_another_rate_does_not_stop_the_app(at_rest) -> None:
    """Two thousand random bytes hold some Ctrl-C: at a raised rate they are not one."""
    with at_rest() as board:
        link = FrameLink(board.port)
        Sleeve(link)._speed.up()
        link.set_baud(BASE)
        for _ in range(40):
            link._serial.write(bytes(50))
            time.sleep(0.005)
        link.close()
        until_baud(board, BASE)
        with opened(board) as sleeve:
            assert sleeve.pong and sleeve.pong.state == "idle"


def test_ctrl_c_works_again_once_the_rate_is_back(at_rest) -> None:
    with at_rest(clock="virtual") as board:
        link = FrameLink(board.port)
        sleeve = Sleeve(link)
        with sleeve.fast():
            sleeve.ping()
        link._serial.write(b"\x03")
        end_s, text = time.monotonic() + 5, b""
        while b">>> " not in text and time.monotonic() < end_s:
            text += link._serial.read(max(1, link._serial.in_waiting))
        link.close()
        assert b"stopped" in text and b">>> " in text
