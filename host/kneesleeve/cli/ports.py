"""`sleeve ports`: which serial ports there are, and what is at each."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kneesleeve.cli.options import Json
from kneesleeve.cli.output import note, print_json, print_table
from kneesleeve.errors import LinkError
from kneesleeve.services.ports import PortReport, all_opened, look_at_ports


def command(
    ports: Annotated[
        list[str] | None, typer.Argument(metavar="[PORT]...", help="Default: all; only those of boards are opened.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Open and ask also at ports of unknown makers.")] = False,
    as_json: Json = False,
) -> int:
    """List serial ports, and what is at each: a sleeve, bare MicroPython, a bootloader, or something else.

    A running sleeve is not disturbed, nothing is reset, and ports of unknown makers are not opened unless named.
    """
    names = [name.removeprefix("serial:").removeprefix("pty:") for name in ports or []]
    reports = look_at_ports(names, everything=everything)
    if as_json:
        print_json([asdict(report) for report in reports])
    elif reports:
        print_table(("port", "what", "name", "state", "build", "detail"), [_row(report) for report in reports])
        _hints(reports)
    else:
        note("No serial ports. Plug the board in with a cable that carries data.")
    return 0 if all_opened(reports) or not names else LinkError.exit_code


def _row(report: PortReport) -> tuple[object, ...]:
    return report.port, report.kind, report.name, report.state, report.build, report.detail or report.description


def _hints(reports: list[PortReport]) -> None:
    for hint in dict.fromkeys(report.hint for report in reports if report.hint):
        note(f"{', '.join(r.port for r in reports if r.hint == hint)}: {hint}")
