"""MicroPython's REPL on an idle or bare board, through mpremote's transport.

Attaching interrupts whatever runs (it sends Ctrl-C): never use it on a sleeve that may be in a run. mpremote calls its
transport no library and prints to stdout when it fails; both stay behind this one class.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kneesleeve.errors import DeviceError, LinkError
from kneesleeve.link.opening import real_name

if TYPE_CHECKING:
    from mpremote.transport_serial import SerialTransport

_HINT = "Reset the board and try again."


class Repl:
    """The raw REPL of the board at `port`, entered on opening and left by a soft reset on closing.

    Raises LinkError when the port or the REPL cannot be had, DeviceError when the code sent raises on the board.
    """

    def __init__(self, port: str, *, timeout_s: float = 5.0) -> None:
        self.port = port
        with self._quiet():
            from mpremote.transport_serial import SerialTransport

            # The real name: mpremote knows a PTY by its path. A timeout: without one its reads block for ever there.
            self._transport: SerialTransport = SerialTransport(real_name(port), timeout=timeout_s)
        try:
            with self._quiet():
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=int(timeout_s) + 1)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Repl:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None or not issubclass(kind, LinkError):
                self.soft_reset()
        finally:
            self.close()

    def exec(self, code: str) -> bytes:
        """What the code printed."""
        with self._quiet():
            return self._transport.exec(code)

    def eval(self, expression: str) -> Any:
        """The value of an expression: numbers, strings, bytes, lists, tuples, dicts."""
        with self._quiet():
            return self._transport.eval(expression)

    def list(self, folder: str = "/") -> dict[str, int]:
        """Names in a folder of the board with their sizes in bytes; folders end in "/"."""
        with self._quiet():
            entries = self._transport.fs_listdir(folder)
        return {e.name + ("/" if e.st_mode & 0x4000 else ""): e.st_size for e in entries}

    def soft_reset(self) -> None:
        """Leave the raw REPL and restart boot.py and main.py."""
        with self._quiet():
            if self._transport.in_raw_repl:
                self._transport.exit_raw_repl()
            self._transport.serial.write(b"\x04")

    def close(self) -> None:
        """Give the port back. May be repeated."""
        with contextlib.suppress(Exception):
            self._transport.close()

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """Keep mpremote's prints off our stdout, and turn its errors into ours."""
        from mpremote.transport import TransportError, TransportExecError

        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                yield
        except TransportExecError as error:
            last = error.error_output.strip().splitlines()[-1:] or ["no message"]
            raise DeviceError(f"The board at {self.port} raised: {last[0]}", hint=_HINT) from error
        except (TransportError, OSError, IndexError) as error:
            raise LinkError(f"No REPL at {self.port}: {error or said.getvalue().strip()}", hint=_HINT) from error
