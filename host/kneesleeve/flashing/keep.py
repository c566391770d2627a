"""Copies on this computer of what a board carries, as long as it is being flashed: a cut must not cost a configuration.

One file a board, by its MAC address, removed once the board is whole again. The next `sleeve flash` of that board takes
it when the board's own file system is gone.
"""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path

from kneesleeve.device.address import default_image
from kneesleeve.errors import DeviceError


def copy_of(mac: str) -> Path:
    """Where the copy for a board lies, in the user's data folder."""
    return default_image().parent / "flash" / f"{mac}.json"


def save(mac: str, files: dict[str, bytes]) -> Path:
    """Keep these files until `forget`. Raises DeviceError where they cannot be written."""
    path = copy_of(mac)
    content = json.dumps({name: base64.b64encode(data).decode() for name, data in files.items()})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".new")
        temporary.write_text(content)
        temporary.replace(path)
    except OSError as error:
        raise DeviceError(
            f"The board's files cannot be kept in {path.parent}: {error.strerror}.",
            hint="Make room, or mend the folder.",
        ) from error
    return path


def saved(mac: str) -> dict[str, bytes]:
    """The files of a board that a cut left half flashed; {} if there are none."""
    try:
        said = json.loads(copy_of(mac).read_text())
        return {str(name): base64.b64decode(data) for name, data in said.items()}
    except (OSError, ValueError, AttributeError, TypeError, binascii.Error):
        return {}


def forget(mac: str) -> None:
    """The board is whole again."""
    copy_of(mac).unlink(missing_ok=True)
