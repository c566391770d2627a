"""A device that lies: it can write nothing outside the chosen folder, and take no more than its share of anything."""

from __future__ import annotations

import json
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_sleeve import FakeSleeve
from session_files import run_session  # pyright: ignore[reportMissingImports]

from kneecore import frames
from kneesleeve.cli.output import print_values
from kneesleeve.device import answers, transfer
from kneesleeve.device import stream as stream_module
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import DeviceError, ProtocolError, SleeveError
from kneesleeve.link import serial_link
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.services.pull import pull

DATA = run_session(400).data()
MEMORY = 32 << 20  # bytes that a lie may take at most
SECONDS = 20.0

Lie = Callable[["Liar", bytes], None]


class Liar(FakeSleeve):
    """Answers one kind of request with a lie, the rest like any sleeve."""

    def __init__(self, kind: int, lie: Lie, sessions: dict[int, bytes] | None = None) -> None:
        super().__init__({7: DATA} if sessions is None else sessions)
        self.kind, self.lie = kind, lie

    def _answer(self, kind: int, payload: bytes) -> None:
        if kind == self.kind:
            self.lie(self, payload)
        else:
            super()._answer(kind, payload)

    def data(self, offset: int, content: bytes) -> None:
        self._send(frames.DATA, struct.pack("<I", offset) + content)

    def end(self, total: int, crc: int = 0) -> None:
        self._send(frames.END, struct.pack("<II", total, crc))

    def json(self, value: object) -> None:
        self._send_bytes(json.dumps(value).encode())

    def for_ever(self, send: Callable[[int], None]) -> None:
        n = 0
        while not self._over:
            send(n)
            n += 1


@pytest.fixture(autouse=True)
def bounded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever it is, it ends in time and in little memory."""
    monkeypatch.setattr(serial_link, "_ANSWER_S", 4.0)
    monkeypatch.setattr(transfer, "MAX_WHOLE", 1 << 16)
    monkeypatch.setattr(answers, "MAX_SESSIONS", 500)
    monkeypatch.setattr(stream_module, "_GRACE_S", 1.0)
    tracemalloc.start()
    start_s = time.monotonic()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY and time.monotonic() - start_s < SECONDS


def pulled(liar: Liar, folder: Path, timeout_s: float = 0.15) -> Path:
    with liar, Sleeve(FrameLink(liar.port, timeout_s=timeout_s)) as sleeve:
        return pull(sleeve, 7, folder).path


READ_LIES: dict[str, Lie] = {
    "more than was asked for": lambda s, p: s.data(60_000, bytes(512)),
    "an offset beyond everything": lambda s, p: s.data(0xFFFFFF00, bytes(512)),
    "the same piece for ever": lambda s, p: s.for_ever(lambda n: s.data(0, bytes(512))),
    "empty pieces for ever": lambda s, p: s.for_ever(lambda n: s.data(0, b"")),
    "pieces that overlap for ever": lambda s, p: s.for_ever(lambda n: s.data(n % 3000, bytes(512))),
    "an end of 4 GiB": lambda s, p: s.end(0xFFFFFFFF),
    "an end that never comes": lambda s, p: None,
    "nothing but ends": lambda s, p: s.end(0),
    "a frame too short": lambda s, p: s._send(frames.DATA, b"x"),
    "an end too short": lambda s, p: s._send(frames.END, b"x"),
    "a kind that does not exist": lambda s, p: s._send(0xEE, b""),
    "raw bytes without end": lambda s, p: s.for_ever(lambda n: s._put(b"\xc0\xff\xff" + bytes(1000))),
    "frames of older requests without end": lambda s, p: s.for_ever(
        lambda n: s._send(frames.DATA, bytes(500), s._reader.sequence - 9)
    ),
}


@pytest.mark.parametrize("name", READ_LIES)
def test_a_lie_in_a_read_ends_in_a_clear_error(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    with pytest.raises(SleeveError) as error:
        pulled(Liar(frames.READ, READ_LIES[name]), folder)
    assert error.value.hint
    assert not list(folder.glob("*.sleeve")) and sum(p.stat().st_size for p in folder.iterdir()) <= len(DATA)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["runs"]


NUMBER = "9" * 400
LISTS: dict[str, bytes] = {
    "a session of a terabyte": b'[{"id": 7, "bytes": 1000000000000, "closed": true}]',
    "a size below nothing": b'[{"id": 7, "bytes": -1, "closed": true}]',
    "a size that is infinite": b'[{"id": 7, "bytes": 1e999, "closed": true}]',
    "a size of 400 digits": b'[{"id": 7, "bytes": %s, "closed": true}]' % NUMBER.encode(),
    "a number that is no number": b'[{"id": "../../x", "bytes": 4096, "closed": true}]',
    "a number beyond 32 bits": b'[{"id": 4294967296, "bytes": 4096, "closed": true}]',
    "the same session twice": b'[{"id": 7, "bytes": 4096, "closed": true}, {"id": 7, "bytes": 8192, "closed": true}]',
    "many large sessions": json.dumps([{"id": i, "bytes": 1 << 25, "closed": True} for i in range(9)]).encode(),
    "too many sessions": b"[" + b",".join(b'{"id":%d,"bytes":0,"closed":1}' % i for i in range(501)) + b"]",
    "brackets without end": b"[" * 50_000,
    "objects without end": b'{"a":' * 10_000,
    "no list": b"17",
    "lists of lists": b"[[7, 4096]]",
    "no JSON": b"\xff\xfe",
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"list of sessions|lists a session"):
        pulled(Liar(frames.LIST, lambda s, p: s._send_bytes(LISTS[name])), tmp_path / "runs", timeout_s=1.0)
    assert list(tmp_path.iterdir()) == []


WHOLE_LIES: dict[str, tuple[str, Lie]] = {  # what the error says, the lie
    "a list without end": ("more than", lambda s, p: s.for_ever(lambda n: s.data(512 * n, b" " * 512))),
    "an end of 4 GiB": ("more than", lambda s, p: s.end(0xFFFFFFFF)),
    "a hole of 4 GiB": ("more than", lambda s, p: s.data(0xFFFFFFF0, b"]")),
    "the same piece for ever": ("again and again", lambda s, p: s.for_ever(lambda n: s.data(0, b"["))),
    "one piece now and then": (
        "does not end",
        lambda s, p: s.for_ever(lambda n: (time.sleep(0.1), s.data(n, b" "))[1]),
    ),
}


@pytest.mark.parametrize("kind", [frames.LIST, frames.INFO])
@pytest.mark.parametrize("name", WHOLE_LIES)
def test_an_answer_without_bounds_is_refused(kind: int, name: str, tmp_path: Path) -> None:
    words, lie = WHOLE_LIES[name]
    with pytest.raises(ProtocolError, match=words):
        pulled(Liar(kind, lie), tmp_path, timeout_s=1.0)


NAMES = ["../../x", "/etc/passwd", "..", "", "a/../../b", "x" * 5000, "a\x00b", "\x1b[2J", "C:\\x", "~", 17, None, [1]]


@pytest.mark.parametrize("device", NAMES, ids=[repr(n)[:20] for n in NAMES])
def test_a_name_cannot_leave_the_folder(device: object, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "runs"
    path = pulled(Liar(frames.INFO, lambda s, p: s.json({"device": device})), folder)
    assert path.parent == folder and path.read_bytes() == DATA and len(path.name) < 80
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert files == [path]


def test_what_it_says_cannot_command_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    liar = Liar(frames.READ, lambda s, p: s._send(frames.ERROR, b"\x07\x1b[2J\x9bbad" + b"x" * 400))
    with pytest.raises(DeviceError) as error:
        pulled(liar, tmp_path)
    assert error.value.message.isprintable() and len(error.value.message) < 400
    print_values({"device": "\x1b[2Jab", "params": {"a\x07": "\x9b"}})
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())


def test_a_session_that_grows_while_it_is_pulled_stays_as_listed(tmp_path: Path) -> None:
    """It lists one size and sends more: what is written is what was listed."""

    def short(liar: Liar, payload: bytes) -> None:
        liar.json([{"id": 7, "bytes": 4096, "closed": True}])

    path = pulled(Liar(frames.LIST, short), tmp_path)
    assert path.stat().st_size == 4096
