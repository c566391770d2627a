"""The ring of files on the real littlefs, over a flash that loses power: what was not synced may be there in any part.

Between two syncs a chip (or a driver with a cache) may do operations on different blocks in any order; on one block
they stay in order. `LfsFlash.after_cut` gives the flash that the next boot finds.
"""

from __future__ import annotations

import errno
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from flash_model import BLOCK, Operation, torn
from littlefs import LittleFS, UserContext
from littlefs.errors import LittleFSError

FIRMWARE = str(Path(__file__).resolve().parents[2] / "firmware")
if FIRMWARE not in sys.path:
    sys.path.append(FIRMWARE)
FileRing = importlib.import_module("sleeveapp.ring_files").FileRing

LFS_BLOCKS = 64
OUTCOMES = ("synced", "all", "part1", "part2", "torn")


class LfsOperation(NamedTuple):
    """One program (data) or erase (data is None) that littlefs asked for."""

    number: int
    block: int
    offset: int
    data: bytes | None


class LfsFlash(UserContext):
    """The block device under littlefs. `watch(operation)` comes before each operation."""

    def __init__(self, image: bytes | None = None) -> None:
        super().__init__(buffsize=LFS_BLOCKS * BLOCK)
        if image:
            self.buffer[:] = image
        self.synced = bytes(self.buffer)
        self.pending: list[LfsOperation] = []
        self.operations = 0
        self.watch: Callable[[LfsOperation], None] | None = None

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        return self._do(LfsOperation(self.operations, block, off, bytes(data)))

    def erase(self, cfg: Any, block: int) -> int:
        return self._do(LfsOperation(self.operations, block, 0, None))

    def sync(self, cfg: Any) -> int:
        self.synced = bytes(self.buffer)
        self.pending.clear()
        return 0

    def _do(self, operation: LfsOperation) -> int:
        if self.watch:
            self.watch(operation)
        self.operations += 1
        apply(self.buffer, operation)
        self.pending.append(operation)
        return 0

    def after_cut(self, operation: LfsOperation, outcome: str, seed: str) -> LfsFlash:
        """What a cut in `operation` leaves: of each block, the first few of its operations since the last sync."""
        rng = Random(f"{seed}:{operation.number}:{outcome}")
        image = bytearray(self.synced)
        blocks: dict[int, list[LfsOperation]] = {}
        for pending in (*self.pending, operation):
            blocks.setdefault(pending.block, []).append(pending)
        for operations in blocks.values():
            whole = {"synced": 0, "all": len(operations), "torn": len(operations)}.get(outcome)
            done = rng.randrange(len(operations) + 1) if whole is None else whole
            for one in operations[:done]:
                last = one is operation or (one is operations[done - 1] and outcome != "all")
                apply(image, one, "bits1" if last and outcome != "all" else "all", rng)
        return LfsFlash(bytes(image))


def apply(image: bytearray, operation: LfsOperation, outcome: str = "all", rng: Random | None = None) -> None:
    start = operation.block * BLOCK + operation.offset
    n = BLOCK if operation.data is None else len(operation.data)
    old = bytes(image[start : start + n])
    new = b"\xff" * n if operation.data is None else bytes(a & b for a, b in zip(old, operation.data, strict=True))
    image[start : start + n] = torn(old, new, outcome, rng or Random(0))


def as_on_a_board(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """The call, with the errors that MicroPython raises."""
    try:
        return function(*arguments, **options)
    except LittleFSError as error:
        raise OSError(-error.code, str(error)) from error
    except FileNotFoundError as error:  # littlefs-python makes some of its own, without a number
        raise OSError(errno.ENOENT, str(arguments)) from error


class File:
    """An open file of littlefs-python."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._handle, name)
        return lambda *arguments: as_on_a_board(method, *arguments)


class Files:
    """The calls of sleeveapp/ring_fs.py over littlefs-python."""

    def __init__(self, flash: LfsFlash, *, fresh: bool = False) -> None:
        self.fs = LittleFS(
            context=flash, block_size=BLOCK, block_count=LFS_BLOCKS, read_size=256, prog_size=256, name_max=255,
            mount=False,
        )  # fmt: skip
        if fresh:
            self.fs.format()
        self.fs.mount()

    def open(self, path: str, mode: str) -> File:
        return File(as_on_a_board(self.fs.open, path, mode, buffering=0))

    def ilistdir(self, path: str) -> list[tuple[str]]:
        return [(name,) for name in as_on_a_board(self.fs.listdir, path)]

    def mkdir(self, path: str) -> None:
        as_on_a_board(self.fs.mkdir, path)

    def remove(self, path: str) -> None:
        as_on_a_board(self.fs.remove, path)

    def rename(self, old: str, new: str) -> None:
        as_on_a_board(self.fs.rename, old, new)


class FilesFlash:
    """A FileRing that announces what the ring asks of it, as NorFlash does; `data` is the whole ring as it reads."""

    def __init__(self, files: Files, count: int) -> None:
        self.ring_device = FileRing(files, "/ring", count)
        self.count = self.ring_device.count
        self.watch: Callable[[Operation], None] | None = None
        self.after: Callable[[], None] | None = None  # when a call is done: inside, littlefs-python swallows exceptions
        self.operations = 0

    @property
    def data(self) -> bytes:
        image, block = bytearray(), bytearray(BLOCK)
        for place in range(self.count):
            self.ring_device.read(place, 0, block)
            image += block
        return bytes(image)

    def read(self, block: int, offset: int, buf: bytearray) -> None:
        self.ring_device.read(block, offset, buf)

    def program(self, block: int, offset: int, buf: bytes | bytearray, at: int, n: int) -> None:
        self._announce(Operation(self.operations, block, offset, bytes(buf[at : at + n])))
        self.ring_device.program(block, offset, buf, at, n)
        self._done()

    def erase(self, block: int) -> None:
        self._announce(Operation(self.operations, block, 0, None))
        self.ring_device.erase(block)
        self._done()

    def _announce(self, operation: Operation) -> None:
        if self.watch:
            self.watch(operation)
        self.operations += 1

    def _done(self) -> None:
        if self.after:
            self.after()
