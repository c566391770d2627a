"""Is what was flashed alive? The app answers pings, and says that it is the one that was written."""

from __future__ import annotations

import time
from typing import Any

from kneesleeve.device.address import Address
from kneesleeve.device.connect import connect
from kneesleeve.errors import DeviceError, LinkError, SleeveError

APP_STARTS_S = 20.0  # reset, boot and the imports of the app
_PAUSE_S = 0.5


def after_flash_check(
    address: Address | str, *, version: str, device: str | None = None, timeout_s: float | None = None
) -> dict[str, Any]:
    """INFO of the sleeve at an address, once its app answers; the port may vanish and come back until then.

    version: what its build must be. device: its MAC address as 12 hex digits, if known. timeout_s: default 20.
    Raises LinkError when nothing answers in time, DeviceError when something else answers.
    """
    info = _info(address, time.monotonic() + (APP_STARTS_S if timeout_s is None else timeout_s))
    if info.get("build") != version:
        raise DeviceError(
            f"The sleeve answers as build {info.get('build')}, but {version} was written.",
            hint="Is another board on this port? Press its reset button, then `sleeve info`.",
        )
    if device and info.get("device") != device:
        raise DeviceError(
            f"Sleeve {info.get('device')} answers, but {device} was flashed.",
            hint="Name the port: --device serial:PORT.",
        )
    return info


def _info(address: Address | str, deadline_s: float) -> dict[str, Any]:
    while True:
        try:
            with connect(address) as sleeve:
                return sleeve.info()
        except SleeveError as error:
            if time.monotonic() >= deadline_s:
                raise LinkError(
                    f"All is written and verified, but the app does not answer: {error.message}",
                    hint="Press the board's reset button, then `sleeve info`; on an ESP32-S3 its USB port may have "
                    "another name now: `sleeve ports`.",
                ) from error
        time.sleep(_PAUSE_S)
