"""The serial line to a host: its rate, and output that keeps a UART's transmitter busy without stalling."""

import micropython
from micropython import const

from kneecore.frames import BASE_BAUD, QUIET_MS

# MicroPython's stdout on an ESP32 waits for the next tick of the system (10 ms) once the transmitter's 128 bytes are
# full, and sends nothing for most of that time: no more than 13 kB/s at any rate. So it is never filled.
_PIECE = const(64)
_BIT_TIMES = const(10_000_000)  # µs times baud that a byte takes
_NAP_US = const(500)
_STALE_US = const(20_000)  # more than the transmitter holds: the time noted is old, and has come round
_AFTER_US = const(2000)  # the last bits, and a USB bridge that passes them on
_CTRL_C = const(3)


class Line:
    """`out` is the stream to write to, `uart` what has the rate (`init(baudrate=…)`), None on native USB, which has none.

    `rate` is in baud, 0 on native USB. `write` allocates nothing.
    """

    def __init__(self, out, clock, uart=None):
        self._out, self._clock, self._uart = out, clock, uart
        self.rate = BASE_BAUD if uart else 0
        self._free = clock.ticks_us()  # when all that was written will have left
        self._heard = 0

    def write(self, buf, n):
        """Send buf[:n]; returns when at most 128 bytes of it are still to leave."""
        at = 0
        while self.rate and at < n:
            size = n - at if n - at < _PIECE else _PIECE
            self._await(_PIECE * _BIT_TIMES // self.rate)
            self._out.write(buf, at, size)
            self._free = self._clock.ticks_add(self._free, size * _BIT_TIMES // self.rate)
            at += size
        if at < n:
            self._out.write(buf, n)

    def _await(self, most_us):
        """Until no more than so much is left to send."""
        clock = self._clock
        while True:
            left = clock.ticks_diff(self._free, clock.ticks_us())
            if left <= 0 or left > _STALE_US:
                self._free = clock.ticks_us()
                return
            if left <= most_us:
                return
            clock.sleep_us(left - most_us if left - most_us < _NAP_US else _NAP_US)

    def switch(self, rate):
        """Another rate, once everything has left. At a raised one Ctrl-C is off: a host at another rate sends rubbish."""
        if self._uart is None or rate == self.rate:
            return
        self._await(0)
        self._clock.sleep_us(_AFTER_US)
        micropython.kbd_intr(_CTRL_C if rate == BASE_BAUD else -1)
        self._uart.init(baudrate=rate)
        self.rate = rate
        self.heard()

    def calm(self):
        """Back at the rate that every host begins with."""
        self.switch(BASE_BAUD)

    def heard(self):
        """A host's frame has come, or the answer to it has left."""
        self._heard = self._clock.ticks_ms()

    def watch(self):
        """Come back by itself from a raised rate at which nobody speaks."""
        if self.rate > BASE_BAUD and self._clock.ticks_diff(self._clock.ticks_ms(), self._heard) > QUIET_MS:
            self.calm()
