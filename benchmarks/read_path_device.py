# type: ignore
"""Runs under MicroPython for read_path.py: argv = [this, folder of the app, bytes to read, what is left out]."""

import random
import sys
import time

sys.path.insert(0, sys.argv[1])
import drivers.line
import sleeveapp.console

LEFT_OUT = sys.argv[3].split(",")


class Nowhere:
    def write(self, buf, off, size):
        pass

    def init(self, baudrate):
        pass


class Store:
    def __init__(self):
        random.seed(1)
        self.block = memoryview(bytes(random.getrandbits(8) for _ in range(4096)))

    def read(self, start, offset, buf):
        """A copy in C stands for the flash."""
        buf[:] = self.block[offset % 4096 : offset % 4096 + len(buf)]


class Silent:
    def write(self, buf, n):
        pass


line = (
    Silent() if "line" in LEFT_OUT else drivers.line.Line(Nowhere(), time, Nowhere())
)  # under valgrind all has left before it is asked
line.rate = 1 << 29
console = sleeveapp.console.Console(None, Store(), None, line)
if "escape" in LEFT_OUT:
    console._writer.build_long = lambda kind, sequence, n: n
if "frame" in LEFT_OUT:
    console._send_long = console._send = lambda kind, n: None
left = int(sys.argv[2])
while left > 0:
    console._stream(0, 0, 16384, 0 if "mask" in LEFT_OUT else 0x78)
    left -= 16384
