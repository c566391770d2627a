"""The image of the `vfs` partition, as MicroPython's own VfsLfs2 sees it; and a board's file system read in pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kneesleeve import appbundle
from kneesleeve.errors import DeviceError
from kneesleeve.flashing import filesystem
from kneesleeve.flashing.maps import FLASH_MAPS, part
from kneesleeve.virtual import Scenario, VirtualSleeve
from kneesleeve.virtual.image import read_file

VFS = part(FLASH_MAPS[4], "vfs").size

# What MicroPython does on a board's first start, on a copy of the partition: find out what it is, mount it, use it.
LOOK = """
import os, vfs, sys, gc
class Part:
    def __init__(self, data): self.data = data
    def readblocks(self, n, buf, off=0):
        at = n * 4096 + off
        buf[:] = self.data[at:at + len(buf)]
    def writeblocks(self, n, buf, off=0): raise OSError(30)
    def ioctl(self, op, arg): return {4: len(self.data) // 4096, 5: 4096}.get(op, 0)
with open("/copy.bin", "rb") as f: data = f.read()
vfs.mount(Part(data), "/x", readonly=True)
print(sorted(os.listdir("/x")), sorted(os.listdir("/x/a")))
print(sum(len(os.listdir("/x/a/" + n)) for n in ("kneecore", "sleeveapp", "drivers", "boards")))
"""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """The app for this machine, as a bundle."""
    return appbundle.bundle("x64", "esp32_devkit")


def test_micropython_finds_out_what_it_is_and_lists_it(files: dict[str, bytes], tmp_path: Path) -> None:
    """Mounted without being told the kind, as the start of an ESP32 does it."""
    from kneesleeve.virtual.batch import run_main
    from kneesleeve.virtual.image import create_image, install_app

    image = tmp_path / "outer.img"
    create_image(image)
    small = filesystem.built(files, 90 * 4096)  # fits the heap of the virtual sleeve as one piece
    install_app(image, {"main.py": LOOK.encode(), "copy.bin": small})
    said = run_main(image, Scenario(heap_kib=2048)).output
    assert "['a', 'boot.py', 'main.py'] ['boards', 'drivers', 'kneecore', 'manifest.json', 'sleeveapp']" in said, said
    assert f"\n{sum(path.startswith('a/') for path in files) - 1}" in said.replace("\r", "")


def test_a_sleeve_starts_from_it(files: dict[str, bytes], tmp_path: Path) -> None:
    """Every file of the app is imported on the way to an answer; the file system is written to."""
    from kneesleeve.device.connect import connect

    image = tmp_path / "vfs.img"
    image.write_bytes(filesystem.built(files | {"config.json": b'{"record_level": 2}'}, VFS))
    with VirtualSleeve(image, Scenario(clock="wall")) as board, connect(f"pty:{board.port}") as sleeve:
        info = sleeve.info()
    assert info["record_level"] == "raw" and info["boot"] == 1 and info["problem"] == ""
    assert json.loads(read_file(image, "counter.json"))["boot"] == 1


def test_disk_version_is_one_that_old_versions_mount(files: dict[str, bytes]) -> None:
    superblock = filesystem.built(files, VFS)[:64]
    assert superblock[8:16] == b"littlefs" and superblock[20:24] == b"\x00\x00\x02\x00"


def test_the_smallest_map_holds_the_app_and_a_quarter_stays_free() -> None:
    """A quarter of it is left for the configuration, counters and what littlefs needs to change a file."""
    files = appbundle.bundle("xtensawin", "esp32_devkit")
    filesystem.built(files | {f"{n}.bin": bytes(4096) for n in range(VFS // 4096 // 4)}, VFS)


def test_what_does_not_fit_is_refused_in_words() -> None:
    with pytest.raises(DeviceError, match="do not fit into 524288 bytes"):
        filesystem.built({"big.bin": bytes(VFS)}, VFS)


def test_a_board_is_read_in_pages_and_only_where_needed() -> None:
    files = {"config.json": b"{}" * 600, "a/app.mpy": bytes(200_000), "boot.py": b"", "ring/1.blk": b"x"}
    flash = bytes(0x1000) + filesystem.built(files, VFS)
    reads: list[int] = []

    def read(offset: int, size: int) -> bytes:
        reads.append(size)
        return flash[offset : offset + size]

    board = filesystem.BoardFiles(read, 0x1000, VFS)
    assert board.root() == {"config.json": 1200, "a/": 0, "boot.py": 0, "ring/": 0}
    assert board.content("config.json") == files["config.json"]
    assert board.names("/ring") == ["1.blk"] and board.names("/none") == []
    assert sum(reads) < 24_000 and set(reads) == {64}


def test_no_file_is_stored_in_a_way_that_micropythons_cache_cannot_hold() -> None:
    """Files up to 128 bytes lie inside their folder, all others begin a block of their own."""
    small, larger = bytes(range(60)) * 2, bytes(range(60, 200)) * 2
    image = filesystem.built({"small.bin": small, "larger.bin": larger}, VFS)
    assert image.find(small) % 4096 and image.find(larger) % 4096 == 0
