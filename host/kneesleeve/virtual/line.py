"""The line between the board's UART and the client's port: rates that must agree, bytes that take time, faults.

Each direction is a `Way`: what is pushed in at one end is pulled out at the other when its time has come.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from kneesleeve.virtual.line_faults import LineFault
from kneesleeve.virtual.port import BASE_BAUD

BITS_A_BYTE = 10
SLICES_A_S = 200  # a paced line passes on what has arrived this often
LATE_S = 0.05  # line time that a bridge makes up for when it was kept from running while the sender had bytes ready
# Written by board/machine.py. No frame holds a byte 0x02, so none is taken for this.
_MARK = re.compile(rb"\x02vb-rate:(\d{1,9})\x02")
_MARK_BEGUN = re.compile(rb"\x02(v(b(-(r(a(t(e(:\d{0,9})?)?)?)?)?)?)?)?")


class Way:
    """One direction of the line.

    `listener_baud` tells the rate of the end that listens; `baud` is that of the end that sends, set by hand or, with
    `marks`, by marks in what it sends. paced: bytes take the time that they take at `baud`. cut: called where a fault
    pulls the plug.
    """

    def __init__(
        self, listener_baud: Callable[[], int], *, paced: bool, cut: Callable[[], None], marks: bool = False
    ) -> None:
        self.baud = BASE_BAUD
        self.faults: list[LineFault] = []
        self.passed = 0  # bytes that were sent so far
        self.due_s = 0.0  # nothing arrives before
        self.most_baud = 1 << 30  # what the line can do
        self._listener_baud = listener_baud
        self._paced = paced
        self._marks = marks
        self._cut = cut
        self._queue: list[tuple[int, bytearray]] = []  # rate they were sent at, bytes
        self._tail = b""  # what may be the beginning of a mark
        self._rubbish = random.Random(0)

    @property
    def waiting(self) -> bool:
        """True while bytes are on their way."""
        return bool(self._queue)

    @property
    def slice_bytes(self) -> int:
        """As many bytes as should be pushed at once."""
        return max(1, self.baud // BITS_A_BYTE // SLICES_A_S) if self._paced else 65536

    def push(self, data: bytes, now_s: float, *, idle: bool = True) -> None:
        """Bytes leave the sender, perhaps with marks that set `baud`. idle: it had nothing to send until now."""
        if self.due_s < now_s - (0.0 if idle else LATE_S):
            self.due_s = now_s
        if not self._marks:
            self._enqueue(data)
            return
        data, self._tail = self._tail + data, b""
        at = 0
        for mark in _MARK.finditer(data):
            self._enqueue(data[at : mark.start()])
            self.baud = int(mark[1])
            at = mark.end()
        start = data.rfind(b"\x02", at)
        if start >= 0 and _MARK_BEGUN.fullmatch(data, start):
            data, self._tail = data[:start], data[start:]
        self._enqueue(data[at:])

    def pull(self, now_s: float) -> bytes:
        """Bytes that have arrived by now."""
        out = bytearray()
        while self._queue and self.due_s <= now_s:
            baud, data = self._queue[0]
            piece = self._take(data, self._next_stop(min(len(data), self.slice_bytes)))
            if not data:
                self._queue.pop(0)
            if self._paced:
                self.due_s += len(piece) * BITS_A_BYTE / baud
            out += self._disturbed(piece, baud)
        return bytes(out)

    def restart(self) -> None:
        """The sender starts anew, at the rate of every board."""
        self._tail, self.baud = b"", BASE_BAUD

    def _enqueue(self, data: bytes) -> None:
        if data and self._queue and self._queue[-1][0] == self.baud:
            self._queue[-1][1].extend(data)
        elif data:
            self._queue.append((self.baud, bytearray(data)))

    def _next_stop(self, n: int) -> int:
        """Up to where bytes may go in one piece: a stall or a cut lies between two bytes."""
        stops = [f.at_byte - self.passed for f in self.faults if f.stops and f.at_byte > self.passed]
        return min([n, *stops])

    @staticmethod
    def _take(data: bytearray, n: int) -> bytes:
        piece = bytes(data[:n])
        del data[:n]
        return piece

    def _disturbed(self, piece: bytes, baud: int) -> bytes:
        before, self.passed = self.passed, self.passed + len(piece)
        listener = self._listener_baud()
        if max(listener, baud) > BASE_BAUD and (listener != baud or baud > self.most_baud):
            # Up to the base rate a PTY is taken as it is: many programs open one without setting a rate.
            piece = bytes(self._rubbish.randrange(256) for _ in piece)
        for fault in self.faults:
            piece = fault.apply(piece, before)
        for fault in [f for f in self.faults if f.stops and f.at_byte == self.passed]:
            self.faults.remove(fault)
            if fault.for_ms:
                self.due_s += fault.for_ms / 1000
            else:
                self._cut()
        return piece
