"""MicroPython-like images, written by esptool's own image classes: small, whole, and with nothing real in them."""

from __future__ import annotations

import random
from typing import Any

from kneesleeve.flashing.maps import CHIPS, DATA, TABLE_AT, Partition
from kneesleeve.flashing.partition_table import packed

# where data of a program lies in the chip's RAM
RAM = {"esp32": 0x3FFB0000, "esp32s3": 0x3FC88000}
STOCK = (
    Partition("nvs", DATA, 2, 0x9000, 0x6000),
    Partition("phy_init", DATA, 1, 0xF000, 0x1000),
    Partition("factory", 0, 0, 0x10000, 0x1F0000),
    Partition("vfs", DATA, 0x81, 0x200000, 0x200000),
)
VERSION = "v1.27.0 on 2025-12-09; Generic module"


def program(chip: str, content: bytes) -> bytes:
    """A program image of one segment, with checksum and SHA-256."""
    from esptool import bin_image

    classes: dict[str, Any] = {"esp32": bin_image.ESP32FirmwareImage, "esp32s3": bin_image.ESP32S3FirmwareImage}
    image = classes[chip]()
    image.entrypoint = RAM[chip]
    image.flash_mode, image.flash_size_freq = 2, 0x20  # dio, 4 MB, 40 MHz
    image.segments = [bin_image.ELFSection(b".data", RAM[chip], content, 0)]
    return image.save(None)


def micropython(
    chip: str, *, version: str = VERSION, table: tuple[Partition, ...] = STOCK, app_kib: int = 160, seed: int = 1
) -> bytes:
    """A whole image: bootloader, table, program. version: the text that MicroPython has in it."""
    # compressible as programs are: what is not goes uncompressed, and the mock then writes padding over what follows
    noise = bytes(random.Random(seed).choices(range(48), k=app_kib * 1024))
    boot = program(chip, noise[:16384])
    app = program(chip, noise[16384:] + f"\0MicroPython\0{version}\0\0\0".encode().ljust(128, b"\0"))
    at = TABLE_AT - CHIPS[chip].image_at
    image = boot.ljust(at, b"\xff") + packed(table)
    return image.ljust(0x10000 - CHIPS[chip].image_at, b"\xff") + app
