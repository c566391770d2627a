"""`sleeve flash`: from whatever is on a board to a sleeve that answers, or to a plan of it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kneesleeve import appbundle
from kneesleeve.device.address import Address
from kneesleeve.device.knock import knock
from kneesleeve.errors import DeviceError, SleeveError, UsageError
from kneesleeve.flashing import keep
from kneesleeve.flashing.after import after_flash_check
from kneesleeve.flashing.bootloader import BAUDS, Bootloader
from kneesleeve.flashing.cache import cached_image
from kneesleeve.flashing.image import Image, check_version, download_page, load_image
from kneesleeve.flashing.maps import CHIPS, Chip
from kneesleeve.flashing.on_board import OnBoard, look, runs_on
from kneesleeve.flashing.plan import Consent, Plan, make_plan, refuse_losses, sessions_stay
from kneesleeve.flashing.writing import write_plan

_AT_REST = ("boot", "idle")

Tell = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """What the user asked for. image: None looks in the cache folder. force: any version of MicroPython.

    check: wait for the app at the end. arch: of the compiled app, None for the chip's own.
    """

    image: Path | None = None
    consent: Consent = field(default_factory=Consent)
    source: bool = False
    force: bool = False
    check: bool = True
    arch: str | None = None


@dataclass
class Flashed:
    """What was done, or would be. baud: 0 for a plan. info: the sleeve's own INFO, None where it was not asked."""

    plan: Plan
    port: str | None
    mac: str | None
    baud: int = 0
    seconds: float = 0.0
    info: dict[str, Any] | None = None


def plan_without_board(chip: Chip, flash_mb: int, wanted: Wanted) -> Flashed:
    """The plan for an assumed blank board. Without any image it lacks MicroPython's pieces."""
    image = None
    with contextlib.suppress(DeviceError):
        image = _image(wanted, chip)
    if wanted.image and image is None:
        image = _image(wanted, chip)  # a named one must be usable
    return Flashed(make_plan(chip, flash_mb, image, _app(wanted, chip), OnBoard("blank")), None, None)


def flash(address: Address, wanted: Wanted, *, dry_run: bool = False, tell: Tell, progress: Progress) -> Flashed:
    """Flash the board at an address, or with `dry_run` only look at it (it is reset for that, and restarted).

    Raises DeviceError for an image, chip or flash that does not fit, and for runs or files that would be lost;
    LinkError where nothing answers or the line fails.
    """
    if address.kind == "virtual":
        raise UsageError("A virtual sleeve is not flashed.", hint="`sleeve virtual` installs the app by itself.")
    image = load_image(wanted.image) if wanted.image else None  # before the board is touched
    _refuse_in_a_run(address)
    with contextlib.ExitStack() as stack:
        boot = stack.enter_context(Bootloader(address.where))
        try:
            plan = _plan(boot, image, wanted)
        except SleeveError:
            boot.restart()
            raise
        done = Flashed(plan, address.where, boot.mac)
        if dry_run:
            boot.restart()
            return done
        started_s = time.monotonic()
        if plan.keep:
            keep.save(boot.mac, plan.keep)
        boot, done.baud = write_plan(boot, plan, stack, tell, progress)
        keep.forget(boot.mac)
        done.seconds = time.monotonic() - started_s
        boot.restart()
    if wanted.check:
        tell("waiting for the app …")
        done.info = after_flash_check(address, version=plan.app["version"], device=done.mac)
    return done


def estimate_s(plan: Plan) -> int:
    """About how many seconds writing takes at the highest baud rate."""
    return plan.seconds(BAUDS[0])


def _plan(boot: Bootloader, image: Image | None, wanted: Wanted) -> Plan:
    chip = boot.chip
    image = image or cached_image(chip)
    if image.chip != chip:
        raise DeviceError(
            f"{image.name} is for the {image.chip.title}, but the board has an {chip.title}.",
            hint=f"Take an image from {download_page(chip)}.",
        )
    if not wanted.force and not wanted.source:
        check_version(image)
    found = look(boot.read)
    stay = sessions_stay(found, boot.flash_mb)
    refuse_losses(found, [] if stay else runs_on(boot.read, found), wanted.consent)
    copy = keep.saved(boot.mac)
    return make_plan(chip, boot.flash_mb, image, _app(wanted, chip), found, copy=copy, consent=wanted.consent)


def _image(wanted: Wanted, chip: Chip) -> Image:
    image = load_image(wanted.image) if wanted.image else cached_image(chip)
    if image.chip != chip:
        raise DeviceError(
            f"{image.name} is for the {image.chip.title}, not the {chip.title}.",
            hint=f"Add --chip {next(name for name, c in CHIPS.items() if c == image.chip)}.",
        )
    if not wanted.force and not wanted.source:
        check_version(image)
    return image


def _app(wanted: Wanted, chip: Chip) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Manifest and files of the app for a chip."""
    files = appbundle.bundle(wanted.arch or chip.arch, chip.board, source=wanted.source)
    return json.loads(files[f"{appbundle.SLOT}/{appbundle.MANIFEST}"]), files


def _refuse_in_a_run(address: Address) -> None:
    """A reset would cut a run short. Silence is no obstacle: a bare board cannot answer."""
    if "://" in address.where:
        return  # a bootloader behind a socket
    pong = knock(address.where)
    if pong and pong.state not in _AT_REST:
        raise DeviceError(
            f"The sleeve is {pong.state}: flashing would cut its run short.", hint="End the run with its button first."
        )
