"""Pumps bytes between the client's port and the interpreter, and restarts the interpreter like a board."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import time
from collections.abc import Callable

from kneesleeve.virtual.console import SOFT_REBOOT, Console
from kneesleeve.virtual.faults import Fault
from kneesleeve.virtual.line import Way
from kneesleeve.virtual.line_faults import LineFault
from kneesleeve.virtual.port import BASE_BAUD, Port
from kneesleeve.virtual.process import CTRL_C, BoardProcess

HARD_RESET = 2
SOFT_RESET = 5
POWER_ON = 1
BOOT_S = 1.0  # a boot.py that takes longer can be interrupted
AT_ONCE_S = 0.001
MAX_FAILED_STARTS = 3  # in a row before the board was ready for input

Starter = Callable[[int, str], BoardProcess]  # (reset cause, "run" or "raw")


class Bridge:
    """A thread that owns the port and the interpreter. `events` is the board's open pipe of 2-byte events."""

    def __init__(self, start_board: Starter, port: Port, events: int, *, paced: bool = False) -> None:
        self.ready = threading.Event()  # the board takes input, or is given up
        self.failure = b""  # what the board said when it did not start
        self.restarts = 0
        self._start_board = start_board
        self._port: Port | None = port
        self._events = events
        self._to_host = Way(self._client_baud, paced=paced, cut=self._pull_plug, marks=True)
        self._to_board = Way(lambda: self._to_host.baud, paced=paced, cut=self._pull_plug)
        self._plug_pulled = False
        self._board_waited = False  # the board had output ready when the line was free for it
        self._console = Console()
        self._input = bytearray()  # from the client, while the board is not ready for it
        self._output = b""  # what the board said since its start
        self._taking_input = False
        self._reset_cause = 0  # asked for by the board
        self._failed_starts = 0
        self._requests: list[Callable[[], None]] = []
        self._wake_read, self._wake_write = os.pipe()
        self._stopping = False
        self._started_s = time.monotonic()
        self._board = start_board(POWER_ON, "run")
        self._thread = threading.Thread(target=self._run, name="virtual-sleeve", daemon=True)

    def start(self) -> None:
        """Begin to pump."""
        self._thread.start()

    def stop(self) -> None:
        """End the interpreter and the thread, close the port."""
        self._stopping = True
        self._wake()
        self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def call(self, request: Callable[[], None]) -> None:
        """Run `request` in the bridge's thread and wait until it is done."""
        done = threading.Event()

        def run() -> None:
            request()
            done.set()

        self._requests.append(run)
        self._wake()
        done.wait(timeout=5)

    def disturb(self, fault: Fault) -> None:
        """Add a fault of the line; its places are counted from the bytes that have passed."""
        if fault["name"] == "link_rubbish_above":
            self._to_board.most_baud = self._to_host.most_baud = fault["baud"]
            return
        way = self._to_board if fault.get("toward") == "device" else self._to_host
        way.faults.append(LineFault(fault, way.passed))

    @property
    def baud(self) -> int:
        """The board's rate."""
        return self._to_host.baud

    def unplug(self) -> None:
        """Close the port as a pulled cable does; the board runs on."""
        self.call(self._unplug)

    def reset(self) -> None:
        """Press the board's reset button."""
        self.call(lambda: self._reset(HARD_RESET))

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b"!")

    def _client_baud(self) -> int:
        return self._port.baud if self._port else BASE_BAUD

    def _pull_plug(self) -> None:
        """Asked for by a fault, while bytes are being handed on."""
        self._plug_pulled = True

    def _unplug(self) -> None:
        if self._port:
            self._port.close()
            self._port = None

    def _reset(self, cause: int) -> None:
        self._reset_cause = cause
        self._board.kill()

    def _run(self) -> None:
        try:
            while not self._stopping:
                for fd in self._wait():
                    self._serve(fd)
                self._move()
                while self._requests:
                    self._requests.pop(0)()
        finally:
            self._board.kill()
            self._board.close()
            self._unplug()
            self.ready.set()

    def _wait(self) -> list[int]:
        """Wait until there is something to move; returns the file descriptors that are ready."""
        read, write = selectors.EVENT_READ, selectors.EVENT_WRITE
        pressed = self._port is not None and self._port.pressed
        now_s = time.monotonic()
        free = not self._to_host.waiting and self._to_host.due_s <= now_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, read)
            selector.register(self._events, read)
            board = (read if free and not pressed else 0) | (write if self._board.wants_write else 0)
            if board and not self.failure:
                selector.register(self._board.fd, board)
            if self._port:
                selector.register(self._port.fd, read | (write if self._port.wants_write else 0))
            ready = [key.fd for key, _ in selector.select(timeout=self._patience_s(now_s, 0.1 if pressed else 1.0))]
        self._board_waited = free and time.monotonic() - now_s < AT_ONCE_S
        return ready

    def _patience_s(self, now_s: float, most_s: float) -> float:
        """Until a byte arrives, or the line is free for the next."""
        dues = [way.due_s for way in (self._to_host, self._to_board) if way.waiting or way.due_s > now_s]
        return max(0.0, min([most_s, *(due - now_s for due in dues)]))

    def _serve(self, fd: int) -> None:
        if fd == self._wake_read:
            os.read(fd, 4096)
        elif fd == self._events:
            self._take_event(os.read(fd, 2))
        elif self._port and fd == self._port.fd:
            self._port.flush()
            self._to_board.baud = self._port.baud
            self._to_board.push(self._port.read(), time.monotonic())
        elif fd == self._board.fd:
            self._board.flush()
            self._take_output(self._board.read(self._to_host.slice_bytes))

    def _move(self) -> None:
        """Hand on what has arrived at the ends of the line."""
        now_s = time.monotonic()
        if self._to_board.waiting:
            self._input += self._to_board.pull(now_s)
            self._pass_input()
        if self._to_host.waiting:
            data = self._to_host.pull(now_s)
            if self._port:
                self._port.write(data)
        if self._plug_pulled:
            self._plug_pulled = False
            self._unplug()

    def _take_event(self, event: bytes) -> None:
        if event[:1] == b"G":
            self._taking_input = True
            self._failed_starts = 0
            self.ready.set()
            self._pass_input()
        elif event[:1] == b"R":
            self._reset(event[1] - 0x30)

    def _pass_input(self) -> None:
        """Input sent while the board starts waits: it would be lost, or interrupt the start."""
        if self._taking_input and not self._console.settling and self._input:
            data, self._input = bytes(self._input), bytearray()
            self._board.write(data)
        elif CTRL_C in self._input and time.monotonic() - self._started_s > BOOT_S:
            self._board.interrupt()  # out of a boot.py that does not end
            del self._input[: self._input.index(CTRL_C) + 1]

    def _take_output(self, data: bytes | None) -> None:
        if data is None:
            self._restart()
            return
        if not self._taking_input:
            self._output += data
        shown, answer = self._console.feed(data)
        if answer:
            self._board.write(answer)
        if shown:
            self._show(shown)
        self._pass_input()

    def _show(self, data: bytes) -> None:
        self._to_host.push(data, time.monotonic(), idle=not self._board_waited)

    def _restart(self) -> None:
        """The process ended: Ctrl-D or SystemExit is a soft reset, else the reset that was asked for."""
        self._board.close()
        self._drain_events()
        self._to_host.restart()
        if not self._taking_input:
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS:
                self._give_up()
                return
        cause, self._reset_cause = self._reset_cause or SOFT_RESET, 0
        if cause == SOFT_RESET:
            self._show((b"" if self._console.raw else b"\r\n") + SOFT_REBOOT)
        else:
            self._console.raw = False
        self._console.restart()
        self._taking_input = False
        self._output = b""
        self._started_s = time.monotonic()
        self.restarts += 1
        self._board = self._start_board(cause, "raw" if self._console.raw else "run")

    def _give_up(self) -> None:
        self.failure = self._output or b"no output"
        self.ready.set()

    def _drain_events(self) -> None:
        """Take late events of the process that ended, so that the next one's are its own."""
        with contextlib.suppress(BlockingIOError):
            while event := os.read(self._events, 2):
                if event[:1] == b"R" and not self._reset_cause:
                    self._reset_cause = event[1] - 0x30
