"""`sleeve virtual`: hold a virtual sleeve open on a port."""

from __future__ import annotations

import select
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from kneesleeve.cli.output import note
from kneesleeve.device.address import default_image
from kneesleeve.errors import UsageError
from kneesleeve.recordings import Recording, load_recording, named_runner, synthesise
from kneesleeve.services.hold import held, prepare_image
from kneesleeve.virtual import VirtualSleeve

_KEYS = "Enter presses the button (start or end a run), q and Enter ends; so does Ctrl-C."


def command(
    link: Annotated[Path | None, typer.Option("--link", help="Keep a symbolic link to the port here.")] = None,
    recording: Annotated[Path | None, typer.Option("--recording", help="Wear this recording (.npz).")] = None,
    runner: Annotated[
        str | None, typer.Option("--runner", help="Wear a built-in runner: steady, easy, fast, ...")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the built-in runner.")] = 1,
    flash: Annotated[
        Path | None,
        typer.Option(
            "--flash", metavar="IMAGE", help="Storage image; made if it is not there. Default: that of `virtual:`."
        ),
    ] = None,
    speed: Annotated[float, typer.Option("--speed", help="Times real time.")] = 1.0,
) -> None:
    """Hold a virtual sleeve open; the first line printed is its port.

    With --recording or --runner it is put on right after boot and the run ends with the motion; otherwise it waits for
    its button.
    """
    if recording and runner:
        raise UsageError("--recording and --runner exclude each other.", hint="Use one of them.")
    motion = _motion(recording, runner, seed)
    image = flash or default_image()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended by a script, it cleans up as after Ctrl-C
    made = prepare_image(image, motion.side)
    with held(image, motion, link=link, speed=speed, don_now=bool(recording or runner)) as sleeve:
        print(sleeve.port, flush=True)
        note(f"storage: {image}" + (" (new)" if made else ""))
        note(_KEYS)
        try:
            _keys(sleeve)
        except KeyboardInterrupt:
            note("virtual sleeve switched off")


def _motion(recording: Path | None, runner: str | None, seed: int) -> Recording:
    if recording:
        return load_recording(recording)
    return synthesise(named_runner(runner or "collapsing", seed=seed, side="L", run_s=240))[0]


def _keys(sleeve: VirtualSleeve) -> None:
    """Read the keyboard until q; without one (input closed or a file's end) hold on until Ctrl-C."""
    while True:
        select.select([sys.stdin], [], [])
        line = sys.stdin.readline()
        if not line:
            select.select([], [], [])
        if line.strip().lower() == "q":
            return
        sleeve.press()
