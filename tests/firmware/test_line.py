"""The driver of the serial line: never more than a transmitter holds, no allocation, and back at the usual rate."""

from __future__ import annotations

LINE = """
from drivers.line import Line
from kneecore.frames import BASE_BAUD, QUIET_MS, RATES

class Clock:
    now = 0x3FFFFFFF - 3000                        # comes round in the middle of it
    def ticks_us(self): return self.now
    def ticks_ms(self): return self.now // 1000
    ticks_diff = staticmethod(time.ticks_diff)
    ticks_add = staticmethod(time.ticks_add)
    def sleep_us(self, us):
        self.now = time.ticks_add(self.now, us)

class Fifo:
    "A transmitter of 128 bytes; it stalls the writer (and the test) when it is filled above that."
    def __init__(self, clock):
        self.clock, self.at, self.data = clock, clock.now, bytearray(4096)
        self.left_ns = self.most = self.idle_us = 0
        self.rate = 115200
    n = 0
    def write(self, buf, off, size=-1):
        if size < 0:
            off, size = 0, off
        gone = time.ticks_diff(self.clock.now, self.at) * 1000
        self.at = self.clock.now
        if self.n and gone > self.left_ns: self.idle_us += (gone - self.left_ns) // 1000
        self.left_ns = max(0, self.left_ns - gone) + size * 10_000_000_000 // self.rate
        self.most = max(self.most, self.left_ns * self.rate // 10_000_000_000)
        for i in range(size): self.data[self.n + i] = buf[off + i]
        self.n += size
    def init(self, baudrate):
        gone = time.ticks_diff(self.clock.now, self.at) * 1000
        assert gone >= self.left_ns, "the rate changed under bytes that had not left"
        self.rate = baudrate
"""

WRITE = """
message = bytes(i & 255 for i in range(1100))
for rate in RATES:
    clock = Clock()
    fifo = Fifo(clock)
    line = Line(fifo, clock, fifo)
    line.switch(rate)
    assert fifo.rate == line.rate == rate
    line.write(message, 1100)
    line.write(message, 20)
    assert bytes(fifo.data[:1120]) == message + message[:20]
    assert fifo.most <= 128, fifo.most
    assert fifo.idle_us == 0, fifo.idle_us          # and the line never stood still
    line.switch(RATES[0] if rate != RATES[0] else RATES[1])
"""


def test_the_transmitter_is_neither_filled_nor_left_empty(on_board) -> None:
    on_board(LINE + WRITE)


def test_writing_allocates_nothing(on_board) -> None:
    on_board(
        LINE
        + """
class Nowhere:
    def write(self, buf, off, size=-1): pass
    def init(self, baudrate): pass
line = Line(Nowhere(), time, Nowhere())
message = bytearray(300)
line.write(message, 300)
micropython.heap_lock()
line.write(message, 300); line.watch(); line.heard()
micropython.heap_unlock()
"""
    )


def test_silence_and_a_call_bring_the_usual_rate_back(on_board) -> None:
    on_board(
        LINE
        + """
clock = Clock()
fifo = Fifo(clock)
line = Line(fifo, clock, fifo)
line.switch(921600)
for _ in range(3):
    clock.sleep_us((QUIET_MS - 10) * 1000)
    line.watch()
    assert line.rate == 921600
    line.heard()
clock.sleep_us((QUIET_MS + 10) * 1000)
line.watch()
assert line.rate == fifo.rate == BASE_BAUD
line.switch(460800); line.calm()
assert line.rate == fifo.rate == BASE_BAUD
"""
    )


def test_native_usb_has_no_rate(on_board) -> None:
    on_board(
        LINE
        + """
clock = Clock()
fifo = Fifo(clock)
line = Line(fifo, clock)
line.switch(921600); line.watch(); line.calm()
before = clock.now
line.write(b"x" * 1000, 1000)
assert line.rate == 0 and fifo.n == 1000 and clock.now == before
"""
    )
