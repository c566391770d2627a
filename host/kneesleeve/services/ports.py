"""`sleeve ports`: which serial ports there are and what is at each, without disturbing any of it."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kneesleeve.device.knock import info_at, knock
from kneesleeve.errors import LinkError
from kneesleeve.link.found import FoundPort, found_ports
from kneesleeve.link.prompt import prompt_at

SLEEVE, MICROPYTHON, BOOTLOADER, TEXT, SILENT = "sleeve", "micropython", "bootloader", "text", "silent"
NOT_OPENED, DENIED, BUSY, UNUSABLE = "not opened", "no permission", "busy", "unusable"

_HINTS = {
    MICROPYTHON: "MicroPython without the sleeve's app, or the app was stopped: reset it, or `sleeve flash`.",
    BOOTLOADER: "Its bootloader waits for a program: `sleeve flash`, or press EN to let it run.",
    TEXT: "A program that is no sleeve's, or a board that is starting: try again in some seconds.",
    SILENT: "Nothing that answers: another device, a board that is switched off, or one that is still starting.",
    NOT_OPENED: "No board's maker: left alone. Name the port, or --all.",
    DENIED: "sudo usermod -aG dialout $USER, then log in again; or the udev file in docs/flash.md.",
    BUSY: "Close Thonny, mpremote or the other sleeve command.",
}


@dataclass
class PortReport:
    """What is at a port. kind: a word of those above. name: a sleeve's. detail: version, chip, or text that it sent."""

    port: str
    description: str
    usb: str | None
    kind: str
    name: str | None = None
    build: str | None = None
    state: str | None = None
    detail: str | None = None
    hint: str = ""


def look_at_ports(names: Sequence[str] = (), *, everything: bool = False) -> list[PortReport]:
    """The named ports, else all that the system lists; of these only boards' are opened unless `everything`."""
    if names:
        listed = {p.port: p for p in found_ports()}
        return [look_at(listed.get(name, FoundPort(name, "", None, None))) for name in names]
    return [look_at(p) if p.board or everything else _report(p, NOT_OPENED) for p in found_ports()]


def look_at(port: FoundPort) -> PortReport:
    """Ask at one port: by frame first; only when nobody answers for a prompt, and then for a bootloader."""
    try:
        return _ask(port)
    except LinkError as error:
        report = _report(port, _refusal(error), detail=error.message)
        report.hint = report.hint or error.hint
        return report


def _ask(port: FoundPort) -> PortReport:
    pong = knock(port.port)
    if pong:
        info = info_at(port.port)
        report = _report(port, SLEEVE, detail=info.get("board"))
        report.name, report.build, report.state = info.get("device"), pong.build, pong.state
        return report
    micropython, text = prompt_at(port.port)
    if micropython:
        return _report(port, MICROPYTHON, detail=micropython)
    if text:
        return _report(port, TEXT, detail=text)
    from kneesleeve.flashing.bootloader import chip_in_bootloader  # esptool: only where nobody has answered yet

    chip = chip_in_bootloader(port.port)
    return _report(port, BOOTLOADER, detail=chip) if chip else _report(port, SILENT)


def _report(port: FoundPort, kind: str, detail: str | None = None) -> PortReport:
    usb = f"{port.vid:04x}:{port.pid:04x}" if port.vid is not None and port.pid is not None else None
    return PortReport(port.port, port.description, usb, kind, detail=detail, hint=_HINTS.get(kind, ""))


def _refusal(error: LinkError) -> str:
    """Why a port could not be opened, from what the system said."""
    code = getattr(error.__cause__, "errno", None)
    if code in (errno.EACCES, errno.EPERM):
        return DENIED
    return BUSY if code in (errno.EBUSY, errno.EAGAIN) else UNUSABLE


def all_opened(reports: Iterable[PortReport]) -> bool:
    """True if no port that was to be opened refused."""
    return not any(r.kind in (DENIED, BUSY, UNUSABLE) for r in reports)
