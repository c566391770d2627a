"""The interpreter as a child process on a terminal of its own."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import tty
from pathlib import Path

BACKLOG_BYTES = 64 * 1024  # input a device that does not read may fall behind; more is lost, as in a UART
CTRL_C = b"\x03"


class BoardProcess:
    """One run of the interpreter, from start to restart. Input and output never block."""

    def __init__(self, command: list[str]) -> None:
        self.fd, slave = pty.openpty()
        self._backlog = bytearray()
        try:
            _set_terminal(slave)
            os.set_blocking(self.fd, False)
            self._child = subprocess.Popen(
                command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, close_fds=True
            )
        except BaseException:
            os.close(self.fd)
            raise
        finally:
            os.close(slave)

    @property
    def wants_write(self) -> bool:
        """True while input waits for the device."""
        return bool(self._backlog)

    def read(self, most: int = 65536) -> bytes | None:
        """Output of the device, up to `most` bytes; None when the process has ended and all of it was read."""
        try:
            return os.read(self.fd, most) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def write(self, data: bytes) -> None:
        """Send input. Ctrl-C interrupts at once when the program can be interrupted, else it is data."""
        pieces = data.split(CTRL_C)
        for number, piece in enumerate(pieces):
            if number and not self.interrupt():
                self._backlog += CTRL_C
            self._backlog += piece
            self.flush()
        del self._backlog[BACKLOG_BYTES:]

    def flush(self) -> None:
        """Pass on waiting input as far as the terminal has room."""
        try:
            while self._backlog:
                del self._backlog[: os.write(self.fd, self._backlog)]
        except BlockingIOError:
            pass
        except OSError:
            self._backlog.clear()  # the process has ended

    def kill(self) -> None:
        """End the process at once, as a reset ends a program."""
        self._child.kill()

    def close(self) -> int:
        """Reap the process, ended or about to; returns its exit code (negative: a signal). May be repeated."""
        if self.fd < 0:
            return self._child.wait()
        os.close(self.fd)
        self.fd = -1
        try:
            return self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()

    def interrupt(self) -> bool:
        """Ctrl-C for the running program; False when nothing runs that could be interrupted."""
        if not self._catches_interrupt():
            return False
        os.kill(self._child.pid, signal.SIGINT)
        return True

    def _catches_interrupt(self) -> bool:
        """True while code runs that Ctrl-C may interrupt; at a prompt SIGINT would end the process."""
        status = Path(f"/proc/{self._child.pid}/status")
        if sys.platform == "linux" and status.exists():
            caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
            return bool(int(caught.split()[1], 16) >> (signal.SIGINT - 1) & 1)
        return bool(termios.tcgetattr(self.fd)[3] & termios.ISIG)  # the interpreter's prompt switches it off


def _set_terminal(fd: int) -> None:
    """Raw, no CR LF made of LF; ISIG only where it tells whether code runs (not on Linux)."""
    tty.setraw(fd)
    if sys.platform == "linux":
        return
    mode = termios.tcgetattr(fd)
    mode[3] |= termios.ISIG
    for name in ("VINTR", "VQUIT", "VSUSP"):
        mode[6][getattr(termios, name)] = b"\xff"  # _POSIX_VDISABLE on BSD and macOS: the bridge sends the signal
    termios.tcsetattr(fd, termios.TCSANOW, mode)
