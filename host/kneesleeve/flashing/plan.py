"""What a flashing will write and erase, what it keeps and what is lost by it, before anything is done."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kneesleeve.errors import DeviceError
from kneesleeve.flashing import filesystem
from kneesleeve.flashing.image import Image, with_table
from kneesleeve.flashing.maps import SECTOR, TABLE_AT, Chip, Partition, map_for, part
from kneesleeve.flashing.on_board import OnBoard
from kneesleeve.flashing.runs import BoardRun

_ERASE_AND_PROGRAM = 250_000  # bytes a second, a cautious guess for the estimate
_NAMED = 6  # files that a message lists


class Piece(NamedTuple):
    """Bytes that go to one place of the flash."""

    label: str
    offset: int
    data: bytes


class Gap(NamedTuple):
    """A part of the flash that is erased."""

    label: str
    offset: int
    size: int


@dataclass
class Plan:
    """pieces are written in this order, then gaps are erased. keep: files carried over. kept, lost: in words."""

    chip: Chip
    flash_mb: int
    partitions: tuple[Partition, ...]
    app: dict[str, Any]
    image: Image | None
    pieces: list[Piece]
    gaps: list[Gap] = field(default_factory=list)
    keep: dict[str, bytes] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Bytes to write."""
        return sum(len(piece.data) for piece in self.pieces)

    def seconds(self, baud: int) -> int:
        """About how long writing takes: compressed bytes on the line, then erasing and programming. A guess."""
        sent = sum(len(zlib.compress(piece.data)) for piece in self.pieces)
        erased = sum(gap.size for gap in self.gaps)
        return round(sent * 10 / baud + (self.total + erased) / _ERASE_AND_PROGRAM) + 1


@dataclass(frozen=True)
class Consent:
    """What its owner gives up: runs that no pull has verified; files of a board that is no sleeve."""

    erase_runs: bool = False
    erase_files: bool = False


def make_plan(
    chip: Chip,
    flash_mb: int,
    image: Image | None,
    app: tuple[dict[str, Any], dict[str, bytes]],
    found: OnBoard,
    *,
    copy: dict[str, bytes] | None = None,
    consent: Consent = Consent(),
) -> Plan:
    """The plan for a board on which `found` was found. app: manifest and files. copy: what a cut flashing had kept.

    Without an image the plan lacks its pieces. Raises DeviceError where flash, partition or file system are too small.
    """
    manifest, files = app
    partitions = map_for(flash_mb)
    keep = found.keep or copy or {}
    vfs = part(partitions, "vfs")
    pieces = [Piece("vfs", vfs.offset, filesystem.built(keep | files, vfs.size))]
    if image:
        pieces = [*_program(image, partitions), *pieces, *_table_and_bootloader(image, partitions)]
    plan = Plan(chip, flash_mb, partitions, manifest, image, pieces, keep=keep)
    _name_files(plan, found, copy or {})
    _name_runs(plan, found, consent)
    if found.kind not in ("sleeve", "blank"):
        nvs = part(partitions, "nvs")
        plan.gaps.append(Gap("nvs, phy_init", nvs.offset, part(partitions, "factory").offset - nvs.offset))
        plan.lost.append("what the program on the board kept in its flash")
    return plan


def sessions_stay(found: OnBoard, flash_mb: int) -> bool:
    """True if the board's `sessions` partition is where the map has it, or it has none."""
    return found.sessions is None or found.sessions == part(map_for(flash_mb), "sessions")


def refuse_losses(found: OnBoard, runs: list[BoardRun], consent: Consent) -> None:
    """Raises DeviceError if flashing would cost runs or files that their owner has not given up."""
    at_risk = sum(not run.safe for run in runs) + found.ring_files
    if at_risk and not consent.erase_runs:
        raise DeviceError(
            f"The board holds {at_risk} run{'s'[: at_risk != 1]} that no pull has verified, "
            "and the new flash map does not keep them.",
            hint="Fetch them first: `sleeve pull --all`. Or give them up: --erase-runs.",
        )
    if found.foreign and not consent.erase_files:
        names = ", ".join(found.foreign[:_NAMED]) + (", …" if len(found.foreign) > _NAMED else "")
        raise DeviceError(
            f"The board has files that are no sleeve's: {names}.",
            hint="Save them (`mpremote cp -r : backup`), then give them up: --erase-files.",
        )


def _program(image: Image, partitions: tuple[Partition, ...]) -> list[Piece]:
    data, start = with_table(image, partitions), part(partitions, "factory").offset
    return [Piece("MicroPython", start, data[start - image.chip.image_at :])]


def _table_and_bootloader(image: Image, partitions: tuple[Partition, ...]) -> list[Piece]:
    """Last: as long as they are the old ones, a cut leaves a board whose old table still says what is where."""
    data, at = with_table(image, partitions), TABLE_AT - image.chip.image_at
    bootloader = data[:at].rstrip(b"\xff")
    return [
        Piece("partition table", TABLE_AT, data[at : at + SECTOR]),
        Piece("bootloader", image.chip.image_at, bootloader.ljust(-(-len(bootloader) // 16) * 16, b"\xff")),
    ]


def _name_files(plan: Plan, found: OnBoard, copy: dict[str, bytes]) -> None:
    if found.keep:
        plan.kept += [f"/{name} ({len(content)} bytes)" for name, content in found.keep.items()]
    elif copy:
        plan.kept += [
            f"/{name} ({len(content)} bytes, from the copy of a cut flashing)" for name, content in copy.items()
        ]
    elif found.kind == "sleeve" and not found.readable:
        plan.lost.append("the configuration: the board's file system cannot be read")
    elif found.kind == "micropython" and not found.readable:
        plan.lost.append("all files: the board's file system is none that can be read")
    plan.lost += [f"/{name}" for name in found.foreign]


def _name_runs(plan: Plan, found: OnBoard, consent: Consent) -> None:
    sessions = part(plan.partitions, "sessions")
    moved = not sessions_stay(found, plan.flash_mb)
    if found.ring_files:
        plan.lost.append(f"{found.ring_files} runs in the file system")
    if moved or consent.erase_runs:
        plan.gaps.append(Gap("sessions", sessions.offset, sessions.size))
        plan.lost.append("all runs on the board" if consent.erase_runs else "runs that a pull has verified")
    elif found.sessions:
        plan.kept.append("all runs (`sessions` is not touched)")
