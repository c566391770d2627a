"""Asks at a port whether a sleeve is there, and interrupts nothing by it."""

from __future__ import annotations

from typing import Any

from kneecore import frames
from kneesleeve.device.answers import Pong, parse_pong
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import DeviceError, LinkError, ProtocolError
from kneesleeve.link.ping import ping_at
from kneesleeve.link.serial_link import FrameLink

_INFO_S = 1.0


def knock(port: str) -> Pong | None:
    """A sleeve's answer to a PING, also of another protocol version; None if none answers.

    Raises LinkError when the port does not open.
    """
    frame = ping_at(port)
    if frame is None or frame.kind != frames.PONG:
        return None
    try:
        return parse_pong(frame.payload)
    except ProtocolError:
        return None


def info_at(port: str) -> dict[str, Any]:
    """INFO of the sleeve that has answered at this port; {} where it is busy or does not say."""
    try:
        with Sleeve(FrameLink(port, timeout_s=_INFO_S)) as sleeve:
            return sleeve.info()
    except (LinkError, DeviceError):
        return {}
