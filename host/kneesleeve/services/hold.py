"""Holds a virtual sleeve open on a port, for mpremote, a terminal or another `sleeve`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kneecore import params as schema
from kneesleeve.engines.virtual import make_image, motion_of, run_scenario
from kneesleeve.recordings import Recording
from kneesleeve.virtual import Scenario, VirtualSleeve, list_files

_ROOM_S = 900.0  # of raw samples
_BOOT_MS, _PRESS_MS = 1500, 200  # of real time


def prepare_image(image: Path, side: str) -> bool:
    """Make the storage image with the app if it is not there; an existing one is left as it is. True if it was made."""
    if image.exists():
        list_files(image)  # a file that is no image is refused here, before anything runs on it
        return False
    image.parent.mkdir(parents=True, exist_ok=True)
    make_image(image, schema.defaults() | {"side": int(side == "R")}, record_s=_ROOM_S)
    return True


def _pressed_in_time(scenario: Scenario, speed: float) -> Scenario:
    """Presses as long, and the first as late, as the board needs in real time to start and to look at its button."""
    slow = max(1.0, speed)
    late = {"boot": round(_BOOT_MS * slow), "motion": 0}
    long_ms = round(_PRESS_MS * slow)
    presses = tuple(replace(p, at_ms=p.at_ms + late[p.since], for_ms=long_ms) for p in scenario.presses)
    return replace(scenario, presses=presses)


@contextmanager
def held(
    image: Path, recording: Recording, *, link: Path | None, speed: float, don_now: bool
) -> Iterator[VirtualSleeve]:
    """A virtual sleeve on the wall clock times `speed`, worn by `recording`.

    don_now: the button is pressed after boot and again at the recording's end; else the sleeve waits for its button.
    """
    scenario = _pressed_in_time(run_scenario(recording), speed) if don_now else Scenario()
    scenario = replace(scenario, clock="wall", speed=speed)
    with VirtualSleeve(image, scenario, motion_of(recording), link=link) as sleeve:
        yield sleeve
