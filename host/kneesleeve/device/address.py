"""Device addresses: `serial:PORT`, `pty:PATH`, `virtual:[IMAGE]`, or nothing for the one board that is plugged in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kneesleeve.errors import LinkError, UsageError
from kneesleeve.link.found import FoundPort, found_ports

FORMS = "serial:PORT, pty:PATH or virtual:[IMAGE]"


@dataclass(frozen=True)
class Address:
    """Where a sleeve is. `where`: the port's path, or the image's for a virtual sleeve."""

    kind: Literal["serial", "pty", "virtual"]
    where: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.where}"


def parse(text: str | None) -> Address:
    """The address a user wrote; None or "" means the single board found.

    Raises UsageError for another form, LinkError when not exactly one board is found.
    """
    if not text:
        return the_only_board(found_ports())
    kind, colon, where = text.partition(":")
    if kind == "virtual" and colon:
        return Address("virtual", where or str(default_image()))
    if kind == "serial" and where:
        return Address("serial", where)
    if kind == "pty" and where:
        return Address("pty", where)
    raise UsageError(f"{text!r} is no device address.", hint=_hint(text, kind, colon))


def _hint(text: str, kind: str, colon: str) -> str:
    if colon and kind in ("serial", "pty"):
        return f"Name the port after the colon: {kind}:{'/dev/ttyUSB0' if kind == 'serial' else '/tmp/sleeve'}"
    if text == "virtual":
        return "Write virtual: (with the colon), or virtual:IMAGE."
    if "/" in text or text.upper().startswith("COM"):
        return f"Say what it is: --device {'pty' if '/pts/' in text else 'serial'}:{text}"
    return f"Write {FORMS}."


def the_only_board(ports: Sequence[FoundPort]) -> Address:
    """The board among these ports. Raises LinkError, listing what is there, for none or several."""
    boards = [p for p in ports if p.board]
    if len(boards) == 1:
        return Address("serial", boards[0].port)
    if boards:
        several = "; ".join(str(p) for p in boards)
        raise LinkError(
            f"Several boards are plugged in: {several}", hint=f"Choose one: --device serial:{boards[0].port}"
        )
    others = "; ".join(str(p) for p in ports) or "none"
    raise LinkError(
        f"No sleeve is plugged in (serial ports found: {others}).",
        hint=f"Plug it in with a data cable, or name it: --device {FORMS}.",
    )


def default_image() -> Path:
    """The storage image of `virtual:` without a path, in the user's data folder."""
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    folder = Path(base) if base and Path(base).is_absolute() else Path.home() / ".local" / "share"
    return folder / "kneesleeve" / "virtual.img"
