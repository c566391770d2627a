"""The serial port a client sees: a raw pseudo terminal that outlives its clients and never blocks the sleeve."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import termios
import time
import tty

KEEP_BYTES = 256 * 1024  # of output that nobody reads
PRESSURE_BYTES = 64 * 1024  # more than this waiting: let the device wait
STALL_S = 2.0  # ... unless the client has not read for this long
BASE_BAUD = 115_200
_RATES = (9600, 19200, 38400, 57600, BASE_BAUD, 230_400, 460_800, 921_600)
_BAUDS = {getattr(termios, f"B{rate}", rate): rate for rate in _RATES}  # macOS codes a rate as itself


class Port:
    """Outer PTY. `read` and `flush` never block; output nobody reads is dropped, oldest first."""

    def __init__(self) -> None:
        self.fd, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self._set_baud(BASE_BAUD)  # a client that sets none talks at the rate of every board
        os.set_blocking(self.fd, False)
        # Packet mode tells when a client flushes its input (pyserial does on opening): stale output goes then.
        fcntl.ioctl(self.fd, termios.TIOCPKT, b"\x01\0\0\0")
        self.name = os.ttyname(self._slave)  # the open slave keeps mode and data while no client is there
        self._waiting = bytearray()
        self._moved_s = time.monotonic()

    @property
    def wants_write(self) -> bool:
        """True while output waits for the client."""
        return bool(self._waiting)

    @property
    def pressed(self) -> bool:
        """True when the device should wait: a client that reads, but slower than the device writes."""
        return len(self._waiting) > PRESSURE_BYTES and time.monotonic() - self._moved_s < STALL_S

    @property
    def baud(self) -> int:
        """The rate that the client has set."""
        return _BAUDS.get(termios.tcgetattr(self._slave)[5], BASE_BAUD)

    def _set_baud(self, baud: int) -> None:
        mode = termios.tcgetattr(self._slave)
        mode[4] = mode[5] = next(code for code, rate in _BAUDS.items() if rate == baud)
        termios.tcsetattr(self._slave, termios.TCSANOW, mode)

    def read(self) -> bytes:
        """What the client sent, possibly nothing."""
        try:
            packet = os.read(self.fd, 4096)
        except (BlockingIOError, OSError):
            return b""
        if packet[:1] == b"\0":
            return packet[1:]
        if packet and packet[0] & termios.TIOCPKT_FLUSHREAD:
            self._waiting.clear()
        return b""

    def write(self, data: bytes) -> None:
        """Queue output for the client and pass on what fits."""
        if not self._waiting:
            self._moved_s = time.monotonic()
        self._waiting += data
        self.flush()
        if len(self._waiting) > KEEP_BYTES:
            del self._waiting[:-KEEP_BYTES]

    def flush(self) -> None:
        """Pass on queued output as far as the client's side has room."""
        with contextlib.suppress(BlockingIOError, OSError):
            while self._waiting:
                sent = os.write(self.fd, self._waiting)
                del self._waiting[:sent]
                self._moved_s = time.monotonic()

    def close(self) -> None:
        """Unplug: the client's reads end."""
        os.close(self.fd)
        os.close(self._slave)
