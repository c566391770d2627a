"""Pulls from the real firmware over a line with faults: what is in the file must be what is on the sleeve.

As a program: every fault at every strength and many seeds, and a cut at many places; minutes. `make link-sweep`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kneecore.ring_header import BLOCK
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import LinkError, SleeveError
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.services.pull import pull
from kneesleeve.virtual import Scenario, VirtualSleeve

TIMEOUT_S = 0.4
PULLS = 6  # of the same command, before a line counts as one that nothing comes over


@dataclass
class Case:
    """Faults that begin with the transfer. `name` finds it again: line_sweep.py --only NAME."""

    name: str
    faults: list[dict[str, Any]] = field(default_factory=list)


def random_cases(seeds: range, ppms: tuple[int, ...]) -> list[Case]:
    """Loss, duplication and flips, in either direction, and all at once."""
    cases = []
    for seed in seeds:
        for ppm in ppms:
            for kind in ("link_loss", "link_duplicate", "link_flip"):
                for toward in ("host", "device"):
                    # requests are so much shorter than answers that they would hardly ever be hit
                    rate = ppm if toward == "host" else min(20 * ppm, 6000)
                    fault = {"name": kind, "ppm": rate, "seed": seed, "toward": toward}
                    cases.append(Case(f"{kind}-{toward}-{ppm}-{seed}", [fault]))
            every = [{"name": k, "ppm": ppm, "seed": seed} for k in ("link_loss", "link_duplicate", "link_flip")]
            cases.append(Case(f"all-{ppm}-{seed}", every))
    return cases


def stall_cases(places: range, for_ms: int) -> list[Case]:
    """The line stands still for a while."""
    stall = {"name": "link_stall", "for_ms": for_ms}
    return [Case(f"stall-{at}", [stall | {"at_byte": at}]) for at in places]


def cut_cases(places: range) -> list[Case]:
    """The cable is pulled behind a byte."""
    return [Case(f"cut-{at}", [{"name": "link_cut", "at_byte": at}]) for at in places]


def outcome(image: Path, case: Case, folder: Path) -> str:
    """Pull until it is done; "" if all is as it must be, else what is not.

    After an error the same command is given again, on a board that was restarted: a cut does not come again, other
    faults do, at other places.
    """
    faults, kept, said = case.faults, 0, ""
    for attempt in range(PULLS):
        with VirtualSleeve(image, Scenario(clock="wall", speed=4.0)) as board:
            try:
                with Sleeve(FrameLink(board.port, timeout_s=TIMEOUT_S)) as sleeve:
                    for fault in faults:
                        board.disturb(**fault | ({"seed": fault["seed"] + 1000 * attempt} if "seed" in fault else {}))
                    pulled = pull(sleeve, 1, folder)
                if pulled.losses:
                    return f"{case.name}: {pulled.losses[0]}"
                if pulled.resumed_at < kept:
                    return f"{case.name}: {kept} bytes were here, but it went on at {pulled.resumed_at}"
                return "" if same(pulled.path, folder.parent / "wanted") else f"{case.name}: the file differs"
            except LinkError as error:
                said = error.message
        if list(folder.glob("*.sleeve")):
            return f"{case.name}: a file was named though the pull failed"
        part = next(folder.glob("*.part"), None)
        kept = part.stat().st_size // BLOCK * BLOCK if part else 0
        if case.name.startswith("cut"):
            faults = []
    return f"{case.name}: nothing comes over this line ({said})"


def same(file: Path, wanted: Path) -> bool:
    return file.read_bytes() == wanted.read_bytes()


def wanted_bytes(image: Path) -> bytes:
    """The session as it is on the sleeve, over a line without faults, not masked, one READ at a time."""
    with VirtualSleeve(image, Scenario()) as board, Sleeve(FrameLink(board.port)) as sleeve:
        size = sleeve.sessions()[0].bytes
        return b"".join(sleeve.read(1, at, min(65536, size - at)) for at in range(0, size, 65536))


def run(image: Path, case: Case) -> str:
    """One case on a copy of the storage."""
    with tempfile.TemporaryDirectory(prefix="line-") as name:
        folder = Path(name)
        for file in image.parent.glob(f"{image.name}*"):
            shutil.copy(file, folder)
        (folder / "wanted").write_bytes(wanted_bytes(folder / image.name))
        (folder / "runs").mkdir()
        try:
            return outcome(folder / image.name, case, folder / "runs")
        except SleeveError as error:
            return f"{case.name}: {error.message}"


def main() -> int:
    from kneecore import params as schema
    from kneesleeve.engines.virtual import finished_run, make_image, run_scenario
    from kneesleeve.services.demo import demo_runner

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cuts", type=int, default=997, help="bytes between two cuts")
    parser.add_argument("--only", help="the name of one case")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sweep-") as name:
        image, runner = Path(name) / "sleeve.img", demo_runner(20.0, seed=3)
        make_image(image, schema.defaults())
        with finished_run(image, runner, run_scenario(runner)) as done:
            size = done.sleeve.sessions()[0].bytes
        cases = random_cases(range(asked.seeds), (20, 100, 500))
        cases += stall_cases(range(1, size, size // 12), 1000) + cut_cases(range(1, size * 103 // 100, asked.cuts))
        cases = [case for case in cases if asked.only in (None, case.name)]
        wrong = []
        for number, case in enumerate(cases):
            said = run(image, case)
            if said:
                wrong.append(said)
                print(said, flush=True)
            elif number % 25 == 24:
                print(f"{number + 1} of {len(cases)}", flush=True)
    print(f"{len(cases)} lines with faults, {len(wrong)} went wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
