"""A whole virtual sleeve behind a port that mpremote, a terminal or the toolkit can open."""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from kneesleeve.errors import ConfigError, DeviceError
from kneesleeve.virtual import faults, pin_log
from kneesleeve.virtual.interpreter import BOARD, find_interpreter
from kneesleeve.virtual.motion import Motion
from kneesleeve.virtual.scenario import Scenario

if TYPE_CHECKING:  # imported where they are used: they need a POSIX system, `find_interpreter` says so first
    from kneesleeve.virtual.bridge import Bridge
    from kneesleeve.virtual.process import BoardProcess

START_S = 10.0


class VirtualSleeve:
    """Context manager: the firmware on `image` runs while it is open, on the port `port`.

    `image` must exist (`create_image`, `install_app`) and keeps what the firmware writes. Without a `motion`
    the IMUs answer but measure nothing. `link` is a path where a symbolic link to the port is kept.
    Raises LinkError where there is no interpreter, DeviceError when the board does not start.
    """

    def __init__(
        self, image: Path, scenario: Scenario, motion: Motion | None = None, *, link: Path | None = None
    ) -> None:
        self._image = image
        self._scenario = scenario
        self._motion = motion
        self._link = link
        self._interpreter = find_interpreter()
        self._folder: Path | None = None
        self._bridge: Bridge | None = None
        self._pipes: dict[str, int] = {}
        self._logs: dict[str, bytes] = {}
        self.port = ""

    def __enter__(self) -> VirtualSleeve:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Switch the sleeve on; returns when its firmware begins to run."""
        from kneesleeve.virtual.bridge import Bridge
        from kneesleeve.virtual.port import Port

        self._folder = Path(tempfile.mkdtemp(prefix="sleeve-"))
        try:
            self._scenario.write(self._folder, self._image, self._motion)
            self._pipes = {name: self._make_pipe(name) for name in ("control", "events")}
            port = Port()
            self.port = port.name
            self._bridge = Bridge(self._start_board, port, self._pipes["events"], paced=self._scenario.line_rate)
            for fault in faults.of_link(self._scenario.faults):
                self._bridge.disturb(fault)
            self._bridge.start()
            self._place_link()
            self._await_ready(self._bridge)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Switch off: end the interpreter, close the port, remove link and temporary files. May be repeated."""
        if self._bridge:
            self._bridge.stop()
            self._bridge = None
        for fd in self._pipes.values():
            os.close(fd)
        self._pipes = {}
        if self._link and self._link.is_symlink() and os.readlink(self._link) == self.port:
            self._link.unlink()
        if self._folder:
            for name in ("motor", "led"):
                with contextlib.suppress(OSError):
                    self._logs[name] = (self._folder / f"{name}.log").read_bytes()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def press(self, for_ms: int = 200) -> None:
        """Press the button now for `for_ms` of the board's time (seen at rest, and on the wall clock)."""
        self._running()
        os.write(self._pipes["control"], struct.pack("<4sI", b"B", for_ms))

    def unplug(self) -> None:
        """Pull the cable: the client's port dies, the sleeve runs on without one."""
        self._running().unplug()

    def reset(self) -> None:
        """Press the board's reset button."""
        self._running().reset()

    def disturb(self, name: str, **fields: int | str) -> None:
        """A fault of the link (`faults`, those that begin with link_); bytes are counted from now on, the next is 1.

        Raises ConfigError for an unknown one.
        """
        fault = {"name": name, **fields}
        faults.check(fault)
        if not faults.of_link([fault]):
            raise ConfigError(f"{name} is no fault of the link.", hint="It belongs into a scenario.")
        bridge = self._running()
        bridge.call(lambda: bridge.disturb(fault))

    def flip_next(self, at_byte: int) -> None:
        """Flip one bit of the `at_byte`-th byte (1 = the first) the device sends from now on, once."""
        self.disturb("link_byte_flip", at_byte=at_byte)

    @property
    def baud(self) -> int:
        """The rate at which the board sends and listens now."""
        return self._running().baud

    @property
    def restarts(self) -> int:
        """How often the board restarted since it was switched on."""
        return self._running().restarts

    def motor_log(self) -> list[tuple[int, int]]:
        """Changes of the motor's duty in the last motion: (µs after its first sample, duty 0..65535).

        Before the first motion of the last boot the times are µs after the boot. Also works after `stop`.
        """
        return pin_log.last_motion(self._log("motor"))

    def led_log(self) -> list[tuple[int, int]]:
        """Changes of the LED, as `motor_log`; 65535 is on."""
        return pin_log.last_motion(self._log("led"))

    def _log(self, name: str) -> bytes:
        if self._folder is None:
            return self._logs.get(name, b"")
        path = self._folder / f"{name}.log"
        return path.read_bytes() if path.exists() else b""

    def _running(self) -> Bridge:
        if self._bridge is None:
            raise DeviceError("The virtual sleeve is switched off.", hint="Use it inside its `with` block.")
        return self._bridge

    def _start_board(self, cause: int, mode: str) -> BoardProcess:
        from kneesleeve.virtual.process import BoardProcess

        script = BOARD / "boot_virtual.py"
        heap_kib = self._scenario.heap_kib
        return BoardProcess(self._interpreter.command(script, str(self._folder), str(cause), mode, heap_kib=heap_kib))

    def _make_pipe(self, name: str) -> int:
        """A named pipe, held open for both directions so that neither side ever sees it end."""
        assert self._folder is not None
        os.mkfifo(self._folder / name)
        return os.open(self._folder / name, os.O_RDWR | os.O_NONBLOCK)

    def _place_link(self) -> None:
        if self._link is None:
            return
        if self._link.exists() and not self._link.is_symlink():
            raise DeviceError(f"{self._link} is in the way of the port's link.", hint="Name another path for it.")
        try:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.port)
        except OSError as error:
            raise DeviceError(
                f"No link can be made at {self._link}: {error.strerror}.",
                hint="Name a path in an existing folder.",
            ) from error

    def _await_ready(self, bridge: Bridge) -> None:
        if bridge.ready.wait(START_S) and not bridge.failure:
            return
        said = bridge.failure.decode("utf-8", "replace").strip() or f"nothing within {START_S:.0f} s"
        raise DeviceError(f"The virtual board did not start. It said: {said}", hint="Try a larger heap, a new image.")
