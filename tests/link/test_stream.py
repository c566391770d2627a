"""Long reads: two READs on the way, and only what is missing asked for again."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator

import pytest
from fake_sleeve import FakeSleeve

from kneecore import frames
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.device.stream import DEPTH
from kneesleeve.errors import LinkError, ProtocolError
from kneesleeve.link.codec import encode
from kneesleeve.link.serial_link import FrameLink, SilenceError

DATA = bytes(range(256)) * 300  # 76,800 bytes with every escape in them
SHORT_S = 0.4


@pytest.fixture
def fake() -> Iterator[FakeSleeve]:
    with FakeSleeve({3: DATA}) as sleeve:
        yield sleeve


def streamed(fake: FakeSleeve, start: int = 0, end: int = len(DATA)) -> bytes:
    with Sleeve(FrameLink(fake.port, timeout_s=SHORT_S)) as sleeve:
        return b"".join(sleeve.stream(3, start, end))


def reads(fake: FakeSleeve) -> list[tuple[int, int]]:
    """(offset, length) of each READ that came."""
    return [struct.unpack("<II", payload[4:12]) for kind, payload in fake.requests if kind == frames.READ]


@pytest.mark.parametrize(("start", "end"), [(0, len(DATA)), (5, 6), (4096, 70_001), (7, 7)])
def test_any_range_comes_whole(fake: FakeSleeve, start: int, end: int) -> None:
    assert streamed(fake, start, end) == DATA[start:end]


def test_the_next_read_is_sent_before_the_last_one_is_answered() -> None:
    """A sleeve that answers only when as many requests wait as may be on the way."""
    waiting: list[tuple[int, bytes, int]] = []

    class Patient(FakeSleeve):
        def _answer(self, kind: int, payload: bytes) -> None:
            if kind != frames.READ or struct.unpack("<III", payload[:12])[1] >= len(DATA) - 3 * 4096:
                super()._answer(kind, payload)
                return
            waiting.append((kind, payload, self._reader.sequence))
            if len(waiting) == DEPTH:
                now, self._reader.sequence = self._reader.sequence, waiting[0][2]
                super()._answer(*waiting.pop(0)[:2])
                self._reader.sequence = now

    with Patient({3: DATA}) as fake:
        with Sleeve(FrameLink(fake.port, timeout_s=1.0)) as sleeve:
            first = next(sleeve.stream(3, 0, len(DATA)))
        assert DATA.startswith(first) and len(reads(fake)) >= DEPTH


def test_requests_on_the_way_fit_what_an_esp32_takes() -> None:
    longest = max(len(encode(frames.READ, 3, bytes((b,) * 13))) for b in range(256))
    assert DEPTH * longest <= 128


def test_only_what_was_damaged_is_asked_for_again(fake: FakeSleeve) -> None:
    fake.manners.corrupt_at = [9000, 30_000]
    assert streamed(fake) == DATA
    again = [length for _, length in reads(fake) if length <= 1024]
    assert len(again) == 2 and sum(again) <= 2048


def test_lost_bytes_and_a_lost_end(fake: FakeSleeve) -> None:
    with Sleeve(FrameLink(fake.port, timeout_s=SHORT_S)) as sleeve:
        fake.manners.drop_at = [fake.sent + 4236, fake.sent + 700, fake.sent + 50_000]
        assert b"".join(sleeve.stream(3, 0, len(DATA))) == DATA


def test_requests_that_are_not_heard_are_sent_again(fake: FakeSleeve) -> None:
    with Sleeve(FrameLink(fake.port, timeout_s=SHORT_S)) as sleeve:
        fake.manners.deaf_requests = 3
        assert b"".join(sleeve.stream(3, 0, len(DATA))) == DATA


def test_a_sleeve_that_hangs_in_mid_answer_is_asked_for_the_rest(fake: FakeSleeve) -> None:
    fake.manners.hang_after = 20_000
    assert streamed(fake) == DATA


def test_a_session_that_is_shorter_than_listed_ends(fake: FakeSleeve) -> None:
    assert streamed(fake, 0, len(DATA) + 9000) == DATA


def test_a_sleeve_that_falls_silent_for_good_is_a_link_error(fake: FakeSleeve) -> None:
    with Sleeve(FrameLink(fake.port, timeout_s=SHORT_S)) as sleeve:
        stream = sleeve.stream(3, 0, len(DATA))
        next(stream)
        fake.manners.silent = True
        with pytest.raises(SilenceError, match="silent"):
            list(stream)


def test_a_check_that_never_holds_is_a_protocol_error(fake: FakeSleeve) -> None:
    fake.manners.break_end = True
    with pytest.raises(ProtocolError, match="damaged"):
        streamed(fake)


def test_an_unplug_is_a_link_error(fake: FakeSleeve) -> None:
    with Sleeve(FrameLink(fake.port, timeout_s=5)) as sleeve:
        fake.manners.silent = True
        threading.Timer(0.1, fake.unplug).start()
        with pytest.raises(LinkError, match="unplugged"):
            list(sleeve.stream(3, 0, len(DATA)))


def test_an_older_firmware_is_asked_without_a_mask(fake: FakeSleeve) -> None:
    fake.manners.revision = 0
    assert streamed(fake) == DATA
    assert {len(payload) for kind, payload in fake.requests if kind == frames.READ} == {12}
