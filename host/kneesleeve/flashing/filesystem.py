"""The file system of a sleeve's `vfs` partition: built as one image, and read from a board a few pages at a time.

littlefs as MicroPython's VfsLfs2 has it on an ESP32: blocks of 4096 bytes, names up to 255, and what it mounts the root
with: the cache decides which files are small enough to lie inside their folder (128 bytes), and a larger one here would
make files that it could not hold. Every other file takes a whole block: the app's 64 files of 94 kB take 75 of them.
Images have disk version 2.0, which every VfsLfs2 mounts; 2.1 needs a newer one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from littlefs import LittleFS, UserContext
from littlefs.errors import LittleFSError

from kneesleeve.errors import DeviceError

BLOCK = 4096
_DISK_VERSION = 0x00020000
_UNIT, _CACHE = 32, 128  # VfsLfs2's readsize and progsize unless told otherwise, and the cache it makes of them
_PAGE = 64  # what the ROM's bootloader gives at a time
_REGULAR = 1

Read = Callable[[int, int], bytes]
"""(offset in the flash, bytes) -> content"""


def built(files: dict[str, bytes], size: int) -> bytes:
    """An image of `size` bytes with these files (path: content). Raises DeviceError if they do not fit."""
    context = UserContext(size)
    fs = _fs(context, size)
    fs.format()
    fs.mount()
    try:
        for name, content in files.items():
            path = str(PurePosixPath("/", name))
            fs.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
            with fs.open(path, "wb") as file:
                file.write(content)
        fs.unmount()
    except (LittleFSError, OSError) as error:
        total = sum(map(len, files.values()))
        raise DeviceError(
            f"{len(files)} files of {total} bytes do not fit into {size} bytes: {error}",
            hint="Remove files from the board that are not the sleeve's (`mpremote rm`), or take more flash.",
        ) from error
    return bytes(context.buffer)


class BoardFiles:
    """The file system at `offset` of a board's flash, of `size` bytes; reads what is asked for and nothing more.

    Raises LittleFSError when there is none that can be mounted.
    """

    def __init__(self, read: Read, offset: int, size: int) -> None:
        self._fs = _fs(_Pages(read, offset), size)
        self._fs.mount()

    def root(self) -> dict[str, int]:
        """Names in the root with their sizes; folders end in "/" and have size 0."""
        entries = self._fs.scandir("/")
        return {e.name + ("" if e.type == _REGULAR else "/"): e.size if e.type == _REGULAR else 0 for e in entries}

    def names(self, folder: str) -> list[str]:
        """Names in a folder, [] if there is none."""
        try:
            return self._fs.listdir(folder)
        except (LittleFSError, OSError):
            return []

    def content(self, name: str) -> bytes:
        """A file of the root."""
        with self._fs.open(f"/{name}", "rb") as file:
            return bytes(file.read())


class _Pages(UserContext):
    """littlefs's view of a flash that is read in pages, each once. It is never written."""

    def __init__(self, read: Read, offset: int) -> None:
        super().__init__(0)
        self._read, self._offset = read, offset
        self._pages: dict[int, bytes] = {}

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        start = block * cfg.block_size + off
        first, last = start // _PAGE, (start + size - 1) // _PAGE
        data = b"".join(self._page(n) for n in range(first, last + 1))
        return bytearray(data[start - first * _PAGE :][:size])

    def _page(self, number: int) -> bytes:
        if number not in self._pages:
            self._pages[number] = self._read(self._offset + number * _PAGE, _PAGE)
        return self._pages[number]


def _fs(context: UserContext, size: int) -> LittleFS:
    return LittleFS(
        context=context,
        block_size=BLOCK,
        block_count=size // BLOCK,
        read_size=_UNIT,
        prog_size=_UNIT,
        cache_size=_CACHE,
        name_max=255,
        disk_version=0 if isinstance(context, _Pages) else _DISK_VERSION,
        mount=False,
    )
