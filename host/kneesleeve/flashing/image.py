"""A MicroPython image: what it is, whether it is whole, and the same image with a sleeve's partition table in it."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any, NamedTuple

from kneesleeve.errors import DeviceError
from kneesleeve.flashing import partition_table
from kneesleeve.flashing.maps import APP, CHIPS, SECTOR, TABLE_AT, Chip, Partition, part

OLDEST = (1, 23)  # the first MicroPython that loads files of mpy version 6.3 with machine code in them
_MAGIC = 0xE9
_LEAST, _MOST = 0x20000, 16 << 20
_VERSION = re.compile(rb"v(\d{1,2})\.(\d{1,3})([-.\w]{0,60}) on \d{4}-\d\d-\d\d")
_BOTH = "MicroPython's images are one file with bootloader, partition table and program."


class Image(NamedTuple):
    """A checked image. data: from `chip.image_at` on. micropython: its version as it says it, "" if it does not."""

    name: str
    data: bytes
    chip: Chip
    micropython: str

    @property
    def version(self) -> tuple[int, int]:
        """(major, minor) of MicroPython, (0, 0) if the image does not say."""
        numbers = re.match(r"v(\d+)\.(\d+)", self.micropython)
        return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def load_image(path: Path) -> Image:
    """Read an image and check all that it says of itself: magic, chip, table, checksums and SHA-256 of both programs.

    Raises DeviceError with the first thing that is wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DeviceError(
            f"Cannot read the image {path}: {error.strerror}.", hint="Check the name after --image."
        ) from error
    return check_image(path.name, data)


def check_image(name: str, data: bytes) -> Image:
    """The same for bytes. `name` is for messages."""
    if not _LEAST <= len(data) <= _MOST:
        raise DeviceError(
            f"{name} is no MicroPython image: it has {len(data)} bytes.", hint=f"{_BOTH} Download it again."
        )
    if data[0] != _MAGIC:
        raise DeviceError(
            f"{name} is no ESP32 image: it begins with 0x{data[0]:02x}, not 0x{_MAGIC:02x}.",
            hint="Take the .bin file, not .uf2, .elf or a zip.",
        )
    chip = _chip(name, data)
    app = _app(name, data, chip)
    _whole(name, "bootloader", data[: TABLE_AT - chip.image_at], chip)
    _whole(name, "program", data[app.offset - chip.image_at :], chip)
    said = _VERSION.search(data, app.offset - chip.image_at)
    return Image(name, data, chip, f"v{said[1].decode()}.{said[2].decode()}{said[3].decode()}" if said else "")


def check_version(image: Image) -> None:
    """Raises DeviceError for a MicroPython that cannot load the compiled app."""
    if not image.micropython:
        raise DeviceError(
            f"{image.name} does not say which MicroPython it is; perhaps it is another program.",
            hint="Take an official image of MicroPython, or --force if you know that it is one.",
        )
    if image.version < OLDEST:
        raise DeviceError(
            f"{image.name} is MicroPython {image.micropython}; the app needs v{OLDEST[0]}.{OLDEST[1]} or newer.",
            hint=f"Download a newer one: {download_page(image.chip)} (--force writes it all the same).",
        )


def with_table(image: Image, partitions: tuple[Partition, ...]) -> bytes:
    """The image's bytes with these partitions in place of its own. Raises DeviceError if its program does not fit."""
    app = part(partitions, "factory")
    room = app.end - image.chip.image_at
    if len(image.data) > room:
        raise DeviceError(
            f"{image.name} is {len(image.data) - room} bytes too long for the flash map.",
            hint="Take the plain image of this chip, without extras.",
        )
    at = TABLE_AT - image.chip.image_at
    return image.data[:at] + partition_table.packed(partitions) + image.data[at + SECTOR :]


def download_page(chip: Chip) -> str:
    """Where MicroPython's images for a chip are."""
    return f"https://micropython.org/download/{chip.download}/"


def _chip(name: str, data: bytes) -> Chip:
    (image_id,) = struct.unpack_from("<H", data, 12)
    for chip in CHIPS.values():
        if chip.image_id == image_id:
            return chip
    raise DeviceError(
        f"{name} is for another kind of chip (number {image_id} in its header).",
        hint="A sleeve is built on an ESP32 or an ESP32-S3.",
    )


def _app(name: str, data: bytes, chip: Chip) -> Partition:
    at = TABLE_AT - chip.image_at
    table = partition_table.parsed(data[at : at + SECTOR])
    app = next((p for p in table if p.type == APP), None)
    if app is None:
        raise DeviceError(
            f"{name} has no partition table where an {chip.title} has it.",
            hint=f"{_BOTH} An `.app-bin` for updates is only a part of it.",
        )
    if app.offset != 0x10000 or app.offset - chip.image_at >= len(data):
        raise DeviceError(
            f"{name} has its program at 0x{app.offset:x}, not at 0x10000.", hint="Take MicroPython's plain image."
        )
    return app


def _whole(name: str, what: str, data: bytes, chip: Chip) -> None:
    """Checksum and, where there is one, SHA-256 of a bootloader or program, by esptool's own reader."""
    from kneesleeve.flashing.esptool_log import silence

    silence()
    from esptool.bin_image import LoadFirmwareImage
    from esptool.util import FatalError

    damaged = DeviceError(f"{name} is damaged: its {what} does not pass its check.", hint="Download it again.")
    try:
        found: Any = LoadFirmwareImage(chip.name, data)  # of the chip's class, which pyright cannot know
    except (FatalError, struct.error, RuntimeError, IndexError, TypeError) as error:  # TypeError: at the very end
        raise damaged from error
    if found.chip_id != chip.image_id:
        raise DeviceError(
            f"{name}: bootloader and program are for different chips.", hint="Take the image of your chip only."
        )
    if found.checksum != found.calculate_checksum():
        raise damaged
    if found.append_digest and found.stored_digest != found.calc_digest:
        raise damaged
