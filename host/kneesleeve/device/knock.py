"""Asks at a port whether a sleeve is there, with one short frame and nothing else."""

from __future__ import annotations

from typing import Any

from kneesleeve.device.answers import Pong
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import DeviceError, ProtocolError
from kneesleeve.link.serial_link import FrameLink, SilenceError

KNOCK_S = 0.6
_RETRIES = 1


def knock(port: str, *, info: bool = False) -> tuple[Pong | None, dict[str, Any]]:
    """A sleeve's answer to a PING, None if none answers; with `info` also its INFO, {} where it is busy.

    A sleeve of another protocol version answers too. Interrupts nothing. Raises LinkError when the port does not open.
    """
    with FrameLink(port, timeout_s=KNOCK_S) as link:
        sleeve = Sleeve(link)
        try:
            sleeve.ping(retries=_RETRIES)
            return sleeve.pong, sleeve.info() if info else {}
        except (SilenceError, ProtocolError, DeviceError):
            return sleeve.pong, {}
