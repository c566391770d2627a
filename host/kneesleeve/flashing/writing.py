"""Writes a plan: fast first, slower where the line does not bear it, and every piece checked in the flash."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from kneesleeve.errors import LinkError
from kneesleeve.flashing.bootloader import BAUDS, Bootloader, MismatchError, Progress, WriteError
from kneesleeve.flashing.keep import copy_of
from kneesleeve.flashing.plan import Plan

Tell = Callable[[str], None]


def write_plan(
    boot: Bootloader, plan: Plan, stack: ExitStack, tell: Tell, progress: Progress
) -> tuple[Bootloader, int]:
    """Write and verify all; returns the bootloader, which may be a new one that `stack` closes, and the baud rate.

    What was written at a higher rate is only checked again. Raises LinkError when the line fails at every rate or the
    board is gone, MismatchError when the flash does not hold what was sent; both say in what state the board is.
    """
    for number, baud in enumerate(BAUDS):
        try:
            _write(boot, plan, baud, progress)
            return boot, baud
        except WriteError as error:
            if baud == BAUDS[-1]:
                raise _half_written(error, plan, boot.mac) from error
            tell(f"{error.message} Trying again at {BAUDS[number + 1]} baud.")
            boot.close()
            boot = stack.enter_context(_again(boot, plan, error))
    raise AssertionError("the last baud rate returns or raises")


def _write(boot: Bootloader, plan: Plan, baud: int, progress: Progress) -> None:
    boot.load_stub(baud)
    before = 0
    for piece in plan.pieces:
        size = len(piece.data)
        boot.write(piece.offset, piece.data, _share(progress, before, size, plan.total))
        before += size
        progress(before, plan.total)
    for gap in plan.gaps:
        boot.erase(gap.offset, gap.size)
    boot.verify([(piece.offset, piece.data) for piece in plan.pieces])


def _share(progress: Progress, before: int, size: int, total: int) -> Progress:
    """esptool counts compressed bytes of one piece; people want all of it."""
    return lambda done, of: progress(before + size * done // max(1, of), total)


def _again(boot: Bootloader, plan: Plan, error: WriteError) -> Bootloader:
    try:
        return Bootloader(boot.port)
    except LinkError:
        raise _half_written(error, plan, boot.mac) from error


def _half_written(error: WriteError, plan: Plan, mac: str) -> WriteError:
    """The same error with what became of the board."""
    kind = MismatchError if isinstance(error, MismatchError) else WriteError
    kept = f" Its configuration is kept in {copy_of(mac)}." if plan.keep else ""
    return kind(
        f"{error.message} The board is half written and does nothing until it is flashed again.",
        hint="Nothing is broken: its bootloader is in ROM and runs are not touched. Plug it in and run the same "
        f"command again; if it cannot connect, hold BOOT while pressing EN.{kept}",
    )
