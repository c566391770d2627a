"""Which ports there are, and which of them look like a sleeve's board."""

from __future__ import annotations

from typing import NamedTuple

# USB vendors of the bridges and chips on ESP32 boards.
BOARD_VENDORS = {
    0x303A: "Espressif",
    0x10C4: "Silicon Labs CP210x",
    0x1A86: "WCH CH34x/CH910x",
    0x0403: "FTDI",
}


class FoundPort(NamedTuple):
    """One port of this computer. vid, pid: USB numbers, None where it is not on USB."""

    port: str
    description: str
    vid: int | None
    pid: int | None

    @property
    def board(self) -> bool:
        """True if its USB vendor makes what ESP32 boards carry."""
        return self.vid in BOARD_VENDORS

    def __str__(self) -> str:
        usb = f" [{self.vid:04x}:{self.pid:04x}]" if self.vid is not None and self.pid is not None else ""
        return f"{self.port} {self.description}{usb}"


def found_ports() -> list[FoundPort]:
    """All serial ports that the operating system lists."""
    from serial.tools import list_ports  # slow to import, and only needed without --device

    return [FoundPort(p.device, p.description or "", p.vid, p.pid) for p in sorted(list_ports.comports())]
