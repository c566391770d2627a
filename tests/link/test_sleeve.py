"""A sleeve behind a PTY: what it answers, and what happens when it does not."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_sleeve import FakeSleeve, Manners

from kneecore import frames
from kneesleeve.device.answers import parse_pong
from kneesleeve.device.connect import connect
from kneesleeve.device.sleeve import Pong, SessionEntry, Sleeve
from kneesleeve.errors import DeviceError, LinkError, ProtocolError
from kneesleeve.link.serial_link import FrameLink, SilenceError

DATA = bytes(range(256)) * 300  # 76,800 bytes with every escape in them
SHORT_S = 0.15


@pytest.fixture
def fake() -> Iterator[FakeSleeve]:
    with FakeSleeve({3: DATA}) as sleeve:
        yield sleeve


def opened(fake: FakeSleeve) -> Sleeve:
    return Sleeve(FrameLink(fake.port, timeout_s=SHORT_S))


def test_ping_tells_protocol_state_and_build(fake: FakeSleeve) -> None:
    with opened(fake) as sleeve:
        assert sleeve.ping() == Pong(1, "idle", "fake-1", frames.REVISION)


def test_info_is_a_dict(fake: FakeSleeve) -> None:
    with opened(fake) as sleeve:
        assert sleeve.info()["device"] == "ab12"


def test_sessions_are_listed_by_id(fake: FakeSleeve) -> None:
    fake.sessions = {9: b"xy", 3: b"z"}
    with opened(fake) as sleeve:
        assert sleeve.sessions() == [SessionEntry(3, 1, True), SessionEntry(9, 2, True)]


def test_read_gives_the_bytes_asked_for(fake: FakeSleeve) -> None:
    with opened(fake) as sleeve:
        assert sleeve.read(3, 1000, 65536) == DATA[1000 : 1000 + 65536]


def test_read_at_the_end_gives_what_is_left(fake: FakeSleeve) -> None:
    with opened(fake) as sleeve:
        assert sleeve.read(3, len(DATA) - 700, 4096) == DATA[-700:]


def test_read_after_the_end_is_empty(fake: FakeSleeve) -> None:
    with opened(fake) as sleeve:
        assert sleeve.read(3, len(DATA), 4096) == b""


def test_read_of_more_than_the_device_takes_is_refused(fake: FakeSleeve) -> None:
    with opened(fake) as sleeve, pytest.raises(ValueError, match="65536"):
        sleeve.read(3, 0, 65537)


def test_damaged_bytes_are_asked_for_again(fake: FakeSleeve) -> None:
    fake.manners.corrupt_at = [5000, 9000, 40000]
    with opened(fake) as sleeve:
        assert sleeve.read(3, 0, 65536) == DATA[:65536]
        assert sleeve.link.stats.bad_frames >= 3


def test_only_what_is_missing_is_asked_for_again(fake: FakeSleeve) -> None:
    fake.manners.corrupt_at = [9000]
    with opened(fake) as sleeve:
        sleeve.read(3, 0, 65536)
    assert fake.sent < 65536 * 1.2


def test_a_lost_byte_is_survived(fake: FakeSleeve) -> None:
    fake.manners.drop_at = [700, 701, 30000]
    with opened(fake) as sleeve:
        assert sleeve.read(3, 0, 40000) == DATA[:40000]


def test_a_sleeve_that_hangs_in_mid_answer_is_asked_for_the_rest(fake: FakeSleeve) -> None:
    fake.manners.hang_after = 20000
    with opened(fake) as sleeve:
        assert sleeve.read(3, 0, 65536) == DATA[:65536]


def test_text_between_frames_does_not_disturb(fake: FakeSleeve) -> None:
    fake.manners.text = b"WARNING: \xc3\xa4 low battery\r\n"
    with opened(fake) as sleeve:
        assert sleeve.read(3, 0, 1000) == DATA[:1000]


def test_answers_to_an_older_request_are_ignored(fake: FakeSleeve) -> None:
    fake.manners.stale = True
    with opened(fake) as sleeve:
        assert sleeve.read(3, 0, 1000) == DATA[:1000]


def test_a_request_that_was_not_heard_is_sent_again(fake: FakeSleeve) -> None:
    fake.manners.deaf_requests = 2
    with opened(fake) as sleeve:
        assert sleeve.pong and sleeve.link.stats.retries == 2


def test_our_own_frames_echoed_are_no_answers(fake: FakeSleeve) -> None:
    fake.manners.echo = True
    with opened(fake) as sleeve:
        assert sleeve.ping().build == "fake-1"


def test_a_silent_port_is_a_link_error_with_a_hint(fake: FakeSleeve) -> None:
    fake.manners.silent = True
    with pytest.raises(SilenceError, match="No answer") as error, opened(fake):
        pass
    assert error.value.hint and error.value.exit_code == 5


def test_a_bare_micropython_is_told_from_silence(fake: FakeSleeve) -> None:
    fake.manners.echo = fake.manners.silent = True
    with FrameLink(fake.port, timeout_s=SHORT_S) as link:
        os.write(fake._master, b"MicroPython v1.29\r\n>>> ")
        with pytest.raises(SilenceError, match="prompt is there"):
            link.ask(frames.PING, retries=0)


def test_another_protocol_says_that_the_toolkit_is_older(fake: FakeSleeve) -> None:
    fake.manners.protocol = 2
    with pytest.raises(DeviceError, match="toolkit is older") as error, opened(fake):
        pass
    assert error.value.exit_code == 1 and "pip install --upgrade kneesleeve" in error.value.hint


def test_another_protocol_says_that_the_firmware_is_older(fake: FakeSleeve) -> None:
    fake.manners.protocol = 0
    with pytest.raises(DeviceError, match="firmware is older") as error, opened(fake):
        pass
    assert "sleeve flash" in error.value.hint


@pytest.mark.parametrize(("revision", "newer"), [(frames.REVISION + 1, "sleeve's firmware"), (0, "toolkit")])
def test_a_revision_that_breaks_nothing_is_only_a_note(
    fake: FakeSleeve, revision: int, newer: str, caplog: pytest.LogCaptureFixture
) -> None:
    fake.manners.revision = revision
    with caplog.at_level("INFO", "kneesleeve.link"), opened(fake) as sleeve:
        assert sleeve.pong and sleeve.pong.build == "fake-1"
        assert b"".join(sleeve.stream(3, 0, len(DATA))) == DATA
    assert f"The {newer} is newer" in caplog.text


def test_the_room_for_a_schema_is_read() -> None:
    assert parse_pong(bytes((1, 1, 1, 0, 0x78, 0x56, 0x34, 0x12)) + b"b").schema_crc == 0x12345678


def test_a_sleeve_in_a_run_is_busy(fake: FakeSleeve) -> None:
    fake.manners.state = 3
    with opened(fake) as sleeve:
        assert sleeve.pong and sleeve.pong.state == "running"
        with pytest.raises(DeviceError, match="in a run") as error:
            sleeve.sessions()
    assert "button" in error.value.hint


def test_an_unknown_session_is_refused_in_words(fake: FakeSleeve) -> None:
    with opened(fake) as sleeve, pytest.raises(DeviceError, match="no such session"):
        sleeve.read(99, 0, 10)


def test_a_check_that_never_holds_ends_as_a_protocol_error(fake: FakeSleeve) -> None:
    fake.manners.break_end = True
    with opened(fake) as sleeve, pytest.raises(ProtocolError, match="damaged"):
        sleeve.read(3, 0, 1000)


def test_an_unplugged_port_is_a_link_error(fake: FakeSleeve) -> None:
    fake.manners.unplug_after = 30000
    with opened(fake) as sleeve, pytest.raises(LinkError, match="unplugged"):
        sleeve.read(3, 0, 65536)


def test_an_unplug_is_noticed_while_waiting(fake: FakeSleeve) -> None:
    fake.manners.silent = True
    with FrameLink(fake.port, timeout_s=5) as link:
        threading.Timer(0.1, fake.unplug).start()
        start_s = time.monotonic()
        with pytest.raises(LinkError, match="unplugged"):
            link.ask(frames.PING)
        assert time.monotonic() - start_s < 2


def test_a_link_to_the_pty_works(fake: FakeSleeve, tmp_path: Path) -> None:
    (tmp_path / "port").symlink_to(fake.port)
    with connect(f"pty:{tmp_path / 'port'}") as sleeve:
        assert sleeve.pong


def test_a_port_is_ours_alone(fake: FakeSleeve) -> None:
    with opened(fake), pytest.raises(LinkError, match="in use"):
        FrameLink(fake.port)


def test_the_port_is_free_again_after_an_error(fake: FakeSleeve) -> None:
    fake.manners.protocol = 2
    with pytest.raises(DeviceError), opened(fake):
        pass
    fake.manners.protocol = 1
    with opened(fake) as sleeve:
        assert sleeve.pong


@pytest.mark.parametrize("kind", ["serial", "pty"])
def test_no_such_port(kind: str, tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="There is no port"), connect(f"{kind}:{tmp_path / 'nothing'}"):
        pass


def test_a_plain_file_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    with pytest.raises(LinkError, match="not a serial port"), connect(f"serial:{tmp_path / 'file'}"):
        pass


def test_a_device_that_is_no_terminal_is_no_port() -> None:
    with pytest.raises(LinkError, match="not a serial port"), connect("serial:/dev/null"):
        pass


def test_a_pty_whose_owner_is_gone(fake: FakeSleeve) -> None:
    port = fake.port
    fake.unplug()
    with pytest.raises(LinkError), connect(f"pty:{port}"):
        pass


def test_manners_are_their_own() -> None:
    assert Manners().corrupt_at is not Manners().corrupt_at
