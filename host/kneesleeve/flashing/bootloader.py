"""A chip's bootloader, through esptool's public functions; every failure becomes a SleeveError that says what to do.

Reading goes through the ROM's own bootloader, 64 bytes at a time: what is read is little, and nothing has to be loaded
into the chip before it is known that it may be written. Writing goes through esptool's stub, compressed, and every
piece is checked by an MD5 that the chip computes over its flash.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kneesleeve.errors import DeviceError, LinkError
from kneesleeve.flashing.maps import CHIPS, MB, Chip

if TYPE_CHECKING:
    from esptool.loader import ESPLoader

ROM_BAUD = 115_200
BAUDS = (921_600, 460_800, ROM_BAUD)
_CONNECT_ATTEMPTS = 4

Progress = Callable[[int, int], None]
"""(bytes done, bytes in all)"""

BOOT_BUTTON = (
    "Hold the BOOT button, press and release EN (or RST), release BOOT, and run the command again; "
    "use a cable that carries data."
)


class WriteError(LinkError):
    """Something went wrong on the way to the flash or in it; a lower baud rate may help. exit_code 5 as a link's."""


class MismatchError(WriteError):
    """What lies in the flash after writing is not what was sent."""

    exit_code = 1


class Bootloader:
    """The bootloader of the chip at `port`, which a reset through the cable's control lines has started.

    As a context manager it closes the port at its end; `restart` lets the program run again. Raises LinkError when no
    bootloader answers, DeviceError for a chip that cannot be a sleeve.
    """

    def __init__(self, port: str) -> None:
        self.port = port
        self._esp: Any = _connected(port)  # of the chip's class; ESPLoader itself can nothing of this
        try:
            self.chip = _known(self._esp)
            with _translated(port, "reading the board"):
                self.mac = "".join(f"{byte:02x}" for byte in self._esp.read_mac("BASE_MAC"))
                self.flash_mb = _flash_mb(self._esp)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Bootloader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, offset: int, size: int) -> bytes:
        """Content of the flash."""
        with _translated(self.port, "reading the flash"):
            return self._esp.read_flash(offset, size)

    def load_stub(self, baud: int) -> None:
        """Have esptool's stub run, at this baud rate: faster, and needed for `write` and `erase`."""
        from esptool import cmds

        with _translated(self.port, f"going to {baud} baud"):
            self._esp = cmds.run_stub(self._esp)
            if baud != ROM_BAUD:
                self._esp.change_baud(baud)
            cmds.attach_flash(self._esp)

    def write(self, offset: int, data: bytes, progress: Progress) -> None:
        """Write a piece and check it in the flash; one that is there already is only checked.

        A bootloader at its place gets this flash's size in its header.
        """
        from esptool import cmds

        from kneesleeve.flashing.esptool_log import progress_to

        with _translated(self.port, f"writing 0x{offset:x}"), progress_to(progress):
            cmds.write_flash(self._esp, [(offset, data)], flash_size=f"{self.flash_mb}MB", skip_flashed=True)

    def verify(self, pieces: list[tuple[int, bytes]]) -> None:
        """Check all pieces once more, after the last one was written. Raises MismatchError."""
        from esptool import cmds

        with _translated(self.port, "verifying"):
            cmds.verify_flash(self._esp, list(pieces), flash_size=f"{self.flash_mb}MB")

    def erase(self, offset: int, size: int) -> None:
        """Make all of it 0xFF."""
        from esptool import cmds

        with _translated(self.port, f"erasing 0x{offset:x}"):
            cmds.erase_region(self._esp, offset, size)

    def restart(self) -> None:
        """Reset the chip, so that the program in its flash runs. A line that cannot do it is no error."""
        from esptool import cmds

        with contextlib.suppress(LinkError, DeviceError), _translated(self.port, "restarting"):
            cmds.reset_chip(self._esp, "hard-reset")

    def close(self) -> None:
        """Give the port back. May be repeated."""
        with contextlib.suppress(Exception):
            self._esp._port.close()  # as esptool's own context manager does


def chip_in_bootloader(port: str) -> str | None:
    """The chip whose bootloader waits at `port`, None if none answers. Resets nothing; sends a few SYNC frames."""
    from kneesleeve.flashing.esptool_log import silence

    silence()
    from esptool import cmds
    from esptool.util import FatalError

    try:
        esp = cmds.detect_chip(port, ROM_BAUD, "no-reset", connect_attempts=1)
    except (FatalError, OSError):
        return None
    with esp:
        return esp.CHIP_NAME


def _connected(port: str) -> ESPLoader:
    """Reset into the bootloader, find out the chip, and make its flash readable."""
    from kneesleeve.flashing.esptool_log import silence

    silence()
    from esptool import cmds

    with _translated(port, "connecting", connecting=True):
        esp = cmds.detect_chip(port, ROM_BAUD, "default-reset", connect_attempts=_CONNECT_ATTEMPTS)
        esp.__dict__["WRITE_FLASH_ATTEMPTS"] = 1  # going on at another baud rate is ours
        return esp


def _known(esp: ESPLoader) -> Chip:
    for chip in CHIPS.values():
        if chip.title == esp.CHIP_NAME:
            return chip
    raise DeviceError(
        f"This board has an {esp.CHIP_NAME}; a sleeve is built on an ESP32 or an ESP32-S3.",
        hint="Plug in another board, or name its port: --device serial:PORT.",
    )


def _flash_mb(esp: ESPLoader) -> int:
    """Megabytes of flash, with the flash attached and its size known to the ROM, so that `read` works."""
    from esptool import cmds

    cmds.attach_flash(esp)
    found = cmds.detect_flash_size(esp)
    if not found or not found.endswith("MB"):
        raise DeviceError(
            f"The flash of this board is not known or too small ({found or 'no answer'}); a sleeve needs 4 MB.",
            hint="Unplug everything else from the board and try again; else take another board.",
        )
    size_mb = int(found[:-2])
    esp.flash_set_parameters(size_mb * MB)
    return size_mb


@contextlib.contextmanager
def _translated(port: str, doing: str, *, connecting: bool = False) -> Iterator[None]:
    """esptool's and the port's errors as ours."""
    from esptool.util import FatalError
    from serial import SerialException

    try:
        yield
    except FatalError as error:
        text = str(error).splitlines()[0]
        if connecting:
            raise _not_connected(port, text) from error
        if "MD5" in text or "erification failed" in text or "region is empty" in text:
            raise MismatchError(
                f"{port}: {doing}: what is in the flash is not what was sent.",
                hint="Use a shorter cable or another port; if it stays, the board's flash is worn out.",
            ) from error
        raise WriteError(f"{port}: {doing} failed: {text}", hint="Use a shorter cable or another port.") from error
    except (SerialException, OSError, TypeError) as error:  # TypeError: pyserial on a port that went away
        if connecting:
            raise LinkError(f"Cannot open {port}: {error}", hint="Check the port and its cable.") from error
        raise WriteError(f"{port} was unplugged while {doing}.", hint="Plug it in and try again.") from error


def _not_connected(port: str, text: str) -> LinkError:
    if text.startswith("Could not open"):
        return LinkError(f"Cannot open {port}.", hint="Check the port and its cable, and close other programs.")
    if "chip" in text and "Unexpected" in text:
        return LinkError(f"The chip at {port} is not known: {text}", hint="A sleeve is built on an ESP32 or ESP32-S3.")
    return LinkError(f"No bootloader answers at {port}.", hint=BOOT_BUTTON)
