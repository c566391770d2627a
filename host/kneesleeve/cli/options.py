"""Options that several verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        "-d",
        envvar="SLEEVE_DEVICE",
        metavar="ADDRESS",
        help="serial:PORT, pty:PATH or virtual:[IMAGE]; without it the single board that is plugged in.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
