"""`sleeve flash`: from an ESP32 board to a sleeve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kneesleeve.cli import flash_words
from kneesleeve.cli.options import Device, Json
from kneesleeve.cli.output import note, print_json, transfers
from kneesleeve.device.address import parse
from kneesleeve.errors import LinkError, UsageError
from kneesleeve.flashing.maps import CHIPS, FLASH_MAPS
from kneesleeve.flashing.plan import Consent
from kneesleeve.services.flash import Flashed, Wanted, flash, plan_without_board


def command(
    image: Annotated[
        Path | None,
        typer.Option("--image", metavar="FILE", help="MicroPython's .bin; default: the newest in the cache."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written, kept and lost; write nothing.")
    ] = False,
    erase_runs: Annotated[bool, typer.Option("--erase-runs", help="Give up all runs on the board.")] = False,
    erase_files: Annotated[
        bool, typer.Option("--erase-files", help="Give up files on the board that are no sleeve's.")
    ] = False,
    source: Annotated[
        bool, typer.Option("--source", help="The app as text, not compiled, to change it there.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also an image whose MicroPython is too old or unknown.")
    ] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not wait for the app's answer at the end.")] = False,
    chip: Annotated[
        str | None, typer.Option("--chip", help="esp32 or esp32s3, for a --dry-run without a board.")
    ] = None,
    flash_size: Annotated[
        int | None, typer.Option("--flash-size", metavar="MB", help="4, 8 or 16, for a --dry-run without a board.")
    ] = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Make a working sleeve of an ESP32 or ESP32-S3 board: MicroPython, flash map and app, all verified.

    A sleeve's configuration and runs are kept. The board is reset. docs/flash.md tells the steps.
    """
    wanted = Wanted(image, Consent(erase_runs, erase_files), source, force, check=not no_check)
    if (chip or flash_size) and (device or not dry_run):
        raise UsageError(
            "--chip and --flash-size are for a --dry-run without a board.", hint="A board tells both itself."
        )
    done = _plan(chip, flash_size, wanted) if chip or flash_size else _flash(device, wanted, dry_run)
    if as_json:
        print_json(flash_words.as_json(done, dry_run))
    else:
        flash_words.show(done, dry_run)


def _plan(chip: str | None, flash_size: int | None, wanted: Wanted) -> Flashed:
    name, size = chip or "esp32", flash_size or min(FLASH_MAPS)
    if name not in CHIPS:
        raise UsageError(f"There is no chip {name!r} for a sleeve.", hint=f"One of {', '.join(CHIPS)}.")
    return plan_without_board(CHIPS[name], size, wanted)


def _flash(device: str | None, wanted: Wanted, dry_run: bool) -> Flashed:
    try:
        address = parse(device)
    except LinkError as error:
        if not dry_run or device or "Several" in error.message:
            raise
        note(f"{error.message} The plan is for a blank ESP32 with 4 MB (--chip, --flash-size).")
        return _plan(None, None, wanted)
    with transfers() as bar:
        return flash(address, wanted, dry_run=dry_run, tell=note, progress=bar("Writing"))
