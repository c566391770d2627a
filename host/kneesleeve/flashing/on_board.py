"""What is on a board before it is flashed: whose it is, what of it must be kept, and what would be lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from littlefs.errors import LittleFSError

from kneesleeve.errors import SleeveError
from kneesleeve.flashing.filesystem import BoardFiles, Read
from kneesleeve.flashing.maps import SECTOR, TABLE_AT, Partition, named
from kneesleeve.flashing.partition_table import parsed
from kneesleeve.flashing.runs import BoardRun, runs_in

Kind = Literal["blank", "sleeve", "micropython", "other"]

# What flashing puts there anew; everything else in the root of a sleeve is its owner's.
_APPS = {"boot.py", "main.py", "active", "a/", "b/"}
_RING = "ring/"  # runs of a sleeve without a partition for them
_LITTLEFS_AT = 8  # of a superblock: the name


@dataclass
class OnBoard:
    """What was found. keep: files to carry over (path: content); foreign: names of files that are no sleeve's.

    readable: False for a sleeve whose file system is damaged. ring_files: runs in the file system itself.
    """

    kind: Kind
    partitions: tuple[Partition, ...] = ()
    readable: bool = True
    keep: dict[str, bytes] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    ring_files: int = 0

    @property
    def sessions(self) -> Partition | None:
        """The partition that its runs are in."""
        return named(self.partitions, "sessions")


def look(read: Read) -> OnBoard:
    """Read as little of a board as tells what is on it: its table, then the root of its file system."""
    table = read(TABLE_AT, SECTOR)
    partitions = parsed(table)
    if not partitions:
        return OnBoard("blank" if table == b"\xff" * SECTOR else "other")
    vfs = named(partitions, "vfs")
    if vfs is None:
        return OnBoard("sleeve" if named(partitions, "sessions") else "other", partitions, readable=False)
    return _with_files(read, partitions, vfs)


def runs_on(read: Read, found: OnBoard) -> list[BoardRun]:
    """The runs in its `sessions` partition; [] without one."""
    return runs_in(read, found.sessions) if found.sessions else []


def _with_files(read: Read, partitions: tuple[Partition, ...], vfs: Partition) -> OnBoard:
    ours = named(partitions, "sessions") is not None
    found = OnBoard("sleeve" if ours else "micropython", partitions)
    failures: list[SleeveError] = []
    try:
        _take(found, _mounted(_noting(read, failures), vfs), ours)
    except LittleFSError:
        found.readable = False
    if failures:  # the line failed, not the file system: nothing must be given up for that
        raise failures[0]
    return found


def _take(found: OnBoard, files: BoardFiles, ours: bool) -> None:
    root = files.root()
    if ours or {"a/", "main.py"} <= root.keys():
        found.kind = "sleeve"
        kept = [name for name in root if name not in _APPS and name != _RING and not name.endswith("/")]
        found.keep = {name: files.content(name) for name in kept}
        found.foreign = [name for name in root if name.endswith("/") and name not in _APPS and name != _RING]
        found.ring_files = sum(name.endswith(".blk") for name in files.names("/ring"))
    else:
        found.foreign = [name for name in root if name != "boot.py"]


def _noting(read: Read, failures: list[SleeveError]) -> Read:
    """`read` that remembers what it should have raised: an exception cannot pass through littlefs."""

    def noting(offset: int, size: int) -> bytes:
        try:
            return read(offset, size)
        except SleeveError as error:
            failures.append(error)
            return bytes(size)

    return noting


def _mounted(read: Read, vfs: Partition) -> BoardFiles:
    """littlefs, asked by its name first: mounting something else would read blocks at random."""
    for block in (0, 1):
        head = read(vfs.offset + block * SECTOR, 64)
        if head[_LITTLEFS_AT : _LITTLEFS_AT + 8] == b"littlefs":
            return BoardFiles(read, vfs.offset, vfs.size)
    raise LittleFSError(-84)
