"""Show and change what a sleeve works with: its parameters, and a calibration that was handed over.

Nothing is half written: a change is checked by the toolkit and by the sleeve, written as a whole, and read back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kneesleeve.cli import config_output as out
from kneesleeve.cli.complete import assignments, names
from kneesleeve.cli.options import Device, Json
from kneesleeve.cli.output import note, print_json
from kneesleeve.device.configuring import InForce, read_in_force
from kneesleeve.device.connect import connect
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import ConfigError
from kneesleeve.parameters.configuration import Configuration, backup_text, read_configuration
from kneesleeve.services import config as service

DIFFERS = 1
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show and check the change, write nothing.")]


def show(device: Device = None, as_json: Json = False) -> None:
    """What is in force. * marks what differs from its default."""
    with connect(device) as sleeve:
        now = read_in_force(sleeve)
    if as_json:
        print_json(out.shown_json(now))
    else:
        out.print_shown(now)


def get(
    name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=names)],
    device: Device = None,
    as_json: Json = False,
) -> None:
    """The value of one parameter, alone on stdout."""
    with connect(device) as sleeve:
        now = read_in_force(sleeve)
    if name == service.CALIBRATION:
        out.print_calibration(now.configuration, as_json)
        return
    parameter = now.schema.find(name)
    entry = out.entry(parameter, now.configuration.given)
    if as_json:
        print_json(entry)
    else:
        print(parameter.shown(entry["value"]))


def set_(
    words: Annotated[
        list[str],
        typer.Argument(metavar="NAME=VALUE", help="As arm_dps=150dps, side=left.", autocompletion=assignments),
    ],
    dry_run: DryRun = False,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Set parameters: all of them, or none. A unit may stand behind the number and is checked.

    calibration=FILE hands over the calibration of a `sleeve replay --json` or a backup; calibration=none takes it back.
    """
    with connect(device) as sleeve:
        now = read_in_force(sleeve)
        _change(sleeve, now, service.with_words(now.configuration, now.schema, words), dry_run, as_json)


def diff(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A backup; without it the defaults.")] = None,
    device: Device = None,
    as_json: Json = False,
) -> int:
    """What differs from the defaults or from a backup. Exit code: 0 nothing, 1 something."""
    with connect(device) as sleeve:
        now = read_in_force(sleeve)
    other = Configuration() if file is None else read_configuration(file, now.schema)[0]
    found = service.changes(now.schema, other, now.configuration)
    if as_json:
        print_json([change.as_json() for change in found])
    else:
        out.print_changes(found, "default" if file is None else str(file), "sleeve")
    return DIFFERS if found else 0


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Written anew; one that is there is kept.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Write what was set to a file. A calibration that was handed over goes with it; `restore` takes it."""
    if file.exists() and not force:
        raise ConfigError(f"{file} is already there.", hint="Name another file, or add --force.")
    with connect(device) as sleeve:
        now, info = read_in_force(sleeve), sleeve.info()
    said = {"device": str(info.get("device")), "build": str(info.get("build")), "schema": now.schema.id}
    try:
        out.write_text(file, backup_text(now.configuration, said))
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror or error}.", hint="Name another file.") from None
    out.tell_problem(now)
    if as_json:
        print_json({"path": str(file), "parameters": len(now.configuration.given), **said})
    else:
        print(file)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="From `backup`, or a copy of a /config.json.")],
    dry_run: DryRun = False,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Put a backup in force: all of it, or nothing. What it does not name gets its default."""
    with connect(device) as sleeve:
        now = read_in_force(sleeve)
        wanted, said = read_configuration(file, now.schema)
        if said.get("schema", now.schema.id) != now.schema.id:
            note("The backup is from a firmware with another table of parameters; what it leaves out gets its default.")
        _change(sleeve, now, wanted, dry_run, as_json)


def reset(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="`calibration` is one, too.", autocompletion=names)
    ] = None,
    dry_run: DryRun = False,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Back to the defaults. The named parameters, or without a name everything, the calibration included."""
    with connect(device) as sleeve:
        now = read_in_force(sleeve)
        _change(sleeve, now, service.without(now.configuration, now.schema, wanted or []), dry_run, as_json)


def _change(sleeve: Sleeve, now: InForce, wanted: Configuration, dry_run: bool, as_json: bool) -> None:
    """Show what will change, then do it."""
    service.check(now.schema, wanted)
    found = service.changes(now.schema, now.configuration, wanted)
    if not as_json:
        out.print_changes(found, "now", "new")
    out.tell_problem(now)
    written = wanted != now.configuration or now.source != "stored"
    if written:
        service.put(sleeve, wanted, dry_run=dry_run)
    if as_json:
        changed = [change.as_json() for change in found]
        print_json({"changes": changed, "written": written and not dry_run, "dry_run": dry_run})
    elif dry_run:
        note("Checked by the sleeve; nothing was written." if written else "Nothing to write.")
    else:
        note("Written and read back." if written else "Nothing to write.")


COMMANDS = {
    "show": show, "get": get, "set": set_, "diff": diff, "backup": backup, "restore": restore, "reset": reset,
}  # fmt: skip
