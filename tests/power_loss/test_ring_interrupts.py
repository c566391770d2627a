"""A Ctrl-C at any line of queue, writer and ring: the session is then closed with every record once and in order."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from flash_model import NorFlash, Operation
from flash_reader import FoundSession, read_image
from flash_world import DEVICE

from kneecore import records as r
from kneecore.record_queue import RecordQueue
from kneecore.ring import Ring
from kneecore.ring_writer import RingWriter

FILES = ("ring.py", "ring_writer.py", "record_queue.py")
ATOMIC = ("_commit", "_take", "_clear")  # viper: one machine function, nothing comes in between
PHASES = 5


class Again(NorFlash):
    """The same bytes may be programmed again in the same place: that is how an interrupted operation is finished."""

    def _check(self, operation: Operation, data: bytes) -> None:
        start = operation.block * 4096 + operation.offset
        old = bytes(self.data[start : start + len(data)])
        # records that came meanwhile may follow those that are there already
        while data and old and data[0] == old[0]:
            data, old = data[1:], old[1:]
        if data and any(byte != 0xFF for byte in old[: len(data)]):
            super()._check(operation, data)


class Interrupter:
    """Raises KeyboardInterrupt at the n-th line of FILES from here on."""

    def __init__(self, at_line: int) -> None:
        self.left = at_line

    def __enter__(self) -> Interrupter:
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _call(self, frame: FrameType, event: str, _argument: Any):
        code = frame.f_code
        return self._line if code.co_filename.endswith(FILES) and code.co_name not in ATOMIC else None

    def _line(self, _frame: FrameType, event: str, _argument: Any):
        if event == "line":
            self.left -= 1
            if self.left == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self._line


def run(at_line: int) -> tuple[Ring, NorFlash, bool]:
    """A session of some 3 blocks, interrupted once; (ring, flash, whether the interrupt came)."""
    flash = Again(6)
    ring, queue = Ring(flash, DEVICE), RecordQueue(4200)
    ring.boot()
    ring.prepare(6)
    writer = RingWriter(ring, queue)
    assert writer.open(1)
    came = False
    with Interrupter(at_line):
        try:
            for i in range(24):
                queue.record(r.RAW, i.to_bytes(4, "little") * 110, i)
                if i % 3 == 2:
                    writer.write_some(4096)
        except KeyboardInterrupt:
            came = True
        closed = False
        while not closed:
            try:
                assert writer.flush()
                queue.record(r.CLOSE, bytes(24), 99)
                closed = writer.close()
            except KeyboardInterrupt:
                came = True
    return ring, flash, came


def check(session: FoundSession) -> None:
    """All records there are, in order, at most the one that was begun missing; CLOSE at the end; all blocks."""
    assert session.whole and session.flags == 1
    assert sorted(session.records) == list(range(len(session.records)))
    kinds = [kind for kind, _ in session.records.values()]
    assert kinds[-1] == r.CLOSE and kinds.count(r.CLOSE) <= 2
    said = [int.from_bytes(p[:4], "little") for kind, p in session.records.values() if kind == r.RAW]
    assert said == list(range(len(said)))


@pytest.mark.parametrize("phase", range(PHASES))
def test_interrupted_at_any_line(phase):
    line, came, lines = 1 + 4 * phase, True, 0
    while came:
        ring, flash, came = run(line)
        check(read_image(flash.data)[1])
        again = Ring(flash, DEVICE)
        again.boot()
        assert again.head == ring.head and [s.flags for s in again.sessions()] == [1], f"line {line}"
        line += 4 * PHASES  # together every 4th line
        lines += 1
    assert lines > 40
