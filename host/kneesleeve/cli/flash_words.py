"""What `sleeve flash` says: the plan as a table, and the result as JSON."""

from __future__ import annotations

from typing import Any

from kneesleeve.cli.output import note, print_table
from kneesleeve.flashing.cache import image_folder
from kneesleeve.flashing.image import download_page
from kneesleeve.flashing.maps import Partition
from kneesleeve.services.flash import Flashed, estimate_s


def as_json(done: Flashed, dry_run: bool) -> dict[str, Any]:
    """The value that --json prints."""
    plan = done.plan
    image = {"name": plan.image.name, "micropython": plan.image.micropython} if plan.image else None
    app = {name: plan.app[name] for name in ("version", "build", "board", "arch", "mpy")}
    return {
        "dry_run": dry_run,
        "port": done.port,
        "device": done.mac,
        "chip": plan.chip.name,
        "flash_mb": plan.flash_mb,
        "image": image,
        "app": app,
        "written": [{"what": p.label, "offset": p.offset, "bytes": len(p.data)} for p in plan.pieces],
        "erased": [{"what": g.label, "offset": g.offset, "bytes": g.size} for g in plan.gaps],
        "partitions": [_partition(p) for p in plan.partitions],
        "kept": plan.kept,
        "lost": plan.lost,
        "estimate_s": estimate_s(plan),
        "baud": done.baud or None,
        "seconds": round(done.seconds, 1) if done.baud else None,
        "info": done.info,
    }


def show(done: Flashed, dry_run: bool) -> None:
    """The plan on stdout; after flashing, what became of it."""
    plan = done.plan
    where = f"{plan.chip.title}, {plan.flash_mb} MB of flash" + (f", at {done.port}" if done.port else "")
    micropython = f"MicroPython {plan.image.micropython or '(version unknown)'}" if plan.image else "no MicroPython yet"
    print(f"{where}: app {plan.app['version']} (build {plan.app['build']}) on {micropython}")
    rows = [(p.label, f"0x{p.offset:06x}", len(p.data), "to write" if dry_run else "written") for p in plan.pieces]
    rows += [(g.label, f"0x{g.offset:06x}", g.size, "to erase" if dry_run else "erased") for g in plan.gaps]
    print_table(("what", "at", "bytes", ""), sorted(rows, key=lambda row: row[1]))
    for word, things in (("kept", plan.kept), ("lost", plan.lost)):
        for thing in things:
            print(f"{word}: {thing}")
    if not plan.image:
        note(f"No MicroPython image yet: put the .bin from {download_page(plan.chip)} into {image_folder()}.")
    if dry_run:
        print("Nothing was written." + (f" It would take about {estimate_s(plan)} s." if plan.image else ""))
    else:
        print(f"Written and verified in {done.seconds:.1f} s at {done.baud} baud.")
        if done.info:
            print(
                f"Sleeve {done.info.get('device')} answers: {done.info.get('state')}, build {done.info.get('build')}."
            )


def _partition(p: Partition) -> dict[str, Any]:
    return {"label": p.label, "offset": p.offset, "size": p.size}
