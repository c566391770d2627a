"""Opens a port, or says in plain words why not."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import serial

from kneesleeve.errors import LinkError

_WRITE_TIMEOUT_S = 2.0
_RECEIVE_BYTES = 65536


def real_name(port: str) -> str:
    """A path with its symbolic links followed, so that a link to /dev/pts/N is treated as what it is."""
    return str(Path(port).resolve()) if Path(port).is_symlink() else port


def open_port(where: str, baud: int, timeout_s: float) -> serial.Serial:
    """The port, for us alone, with old input thrown away. Raises LinkError with the reason and what to do about it."""
    name = real_name(where)
    if Path(name).is_file() or Path(name).is_dir():
        raise LinkError(f"{where} is not a serial port.", hint="Name a port, as in --device serial:/dev/ttyUSB0.")
    try:
        port = serial.Serial(
            name,
            baud,
            timeout=timeout_s,
            write_timeout=_WRITE_TIMEOUT_S,
            exclusive=True if os.name == "posix" else None,
        )
    except (OSError, ValueError, serial.SerialException) as error:
        raise _refused(where, error) from error
    if os.name == "nt":
        port.set_buffer_size(rx_size=_RECEIVE_BYTES)  # Windows keeps 4096 by default: less than what may be on its way
    return port


def _refused(port: str, error: Exception) -> LinkError:
    code, text = getattr(error, "errno", None), str(error)
    if code == errno.ENOENT or "FileNotFoundError" in text:
        return LinkError(f"There is no port {port}.", hint="Plug the sleeve in, or check the path.")
    if code == errno.EACCES or "PermissionError" in text:
        return LinkError(
            f"No permission to open {port}, or another program has it.",
            hint="Close other programs; on Linux, add yourself to the group 'dialout' and log in again.",
        )
    if code in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text:
        return LinkError(
            f"{port} is in use by another program.", hint="Close Thonny, mpremote or the other sleeve command."
        )
    if code == errno.EIO:
        return LinkError(
            f"{port} has nothing at its other end any more.", hint="Start the virtual sleeve again, or replug."
        )
    if "Could not configure port" in text:
        return LinkError(f"{port} is not a serial port.", hint="Name a port, as in --device serial:/dev/ttyUSB0.")
    return LinkError(f"Cannot open {port}: {text}", hint="Check the port and its cable.")
