"""The flash maps, the chips they fit, and what of the flash belongs to whom. The one table of both.

Why these: MicroPython's own table gives its app 0x10000 … 0x200000 and `vfs` the rest. The app keeps these 1984 KiB:
the ESP32's image grew from 1562 KiB (v1.21) to 1672 KiB (v1.24) in a year, so less would soon be too little. `vfs`
begins where it always begins and is 512 KiB on a flash of 4 MB: what is left when runs get their 1.5 MB. The end of the
flash is the ring of sessions. A partition is not moved from one version to the next without need: where `sessions`
stays, runs stay.
"""

from __future__ import annotations

from typing import NamedTuple

from kneesleeve.errors import DeviceError

MB = 1 << 20
TABLE_AT = 0x8000
SECTOR = 0x1000
APP, DATA = 0, 1
_FACTORY, _PHY, _NVS, _FAT, _SESSIONS = 0, 1, 2, 0x81, 0x40


class Partition(NamedTuple):
    """An entry of the partition table. offset, size: bytes, multiples of 4096 (an app's offset: of 65536)."""

    label: str
    type: int
    subtype: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.size

    def overlaps(self, other: Partition) -> bool:
        """True if they share a byte."""
        return self.offset < other.end and other.offset < self.end


class Chip(NamedTuple):
    """A kind of chip. name, title: esptool's; image_at: where its image begins; image_id: in the image's header.

    arch: of the app's compiled files. board: the profile in firmware/boards/. download: MicroPython's name of it.
    """

    name: str
    title: str
    image_at: int
    image_id: int
    arch: str
    board: str
    download: str


CHIPS = {
    chip.name: chip
    for chip in (
        Chip("esp32", "ESP32", 0x1000, 0, "xtensawin", "esp32_devkit", "ESP32_GENERIC"),
        Chip("esp32s3", "ESP32-S3", 0x0, 9, "xtensawin", "esp32s3_devkit", "ESP32_GENERIC_S3"),
    )
}


def _flash_map(vfs_size: int, flash_size: int) -> tuple[Partition, ...]:
    sessions_at = 0x200000 + vfs_size
    return (
        Partition("nvs", DATA, _NVS, 0x9000, 0x6000),
        Partition("phy_init", DATA, _PHY, 0xF000, 0x1000),
        Partition("factory", APP, _FACTORY, 0x10000, 0x1F0000),
        Partition("vfs", DATA, _FAT, 0x200000, vfs_size),  # MicroPython's own subtype for it, whatever is inside
        Partition("sessions", DATA, _SESSIONS, sessions_at, flash_size - sessions_at),
    )


# by megabytes of flash; sessions: 1.5, 4 and 12 MB
FLASH_MAPS = {
    4: _flash_map(MB // 2, 4 * MB),
    8: _flash_map(2 * MB, 8 * MB),
    16: _flash_map(2 * MB, 16 * MB),
}


def map_for(flash_mb: int) -> tuple[Partition, ...]:
    """The largest map that fits a flash of this size. Raises DeviceError for one below 4 MB."""
    fitting = [mb for mb in FLASH_MAPS if mb <= flash_mb]
    if not fitting:
        raise DeviceError(
            f"This board has {flash_mb} MB of flash; a sleeve needs at least {min(FLASH_MAPS)} MB.",
            hint="Take a board with more flash: modules end in N4, N8 or N16 for 4, 8 and 16 MB.",
        )
    return FLASH_MAPS[max(fitting)]


def named(partitions: tuple[Partition, ...], label: str) -> Partition | None:
    """The partition of this label, None if there is none."""
    return next((p for p in partitions if p.label == label), None)


def part(partitions: tuple[Partition, ...], label: str) -> Partition:
    """The partition of this label in one of our own maps, which has it."""
    return next(p for p in partitions if p.label == label)
