"""Cuts the power at every operation of the flash under littlefs while the ring of files is used.

python tests/power_loss/sweep_files.py --seeds 1-2
python tests/power_loss/sweep_files.py --replay 1:217:part2
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
for _folder in (HERE, HERE.parents[1] / "shared"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from flash_scripts import mark_some, one_session, recovery
from flash_world import Ledger, World, differences, listing_differences
from littlefs_model import OUTCOMES, Files, FilesFlash, LfsFlash, LfsOperation
from sweep import CutError, Totals, hash_of

REPLAY = ".venv/bin/python tests/power_loss/sweep_files.py --replay {}"
COUNT = 8
LEVELS = ("strides", "raw", "windows")


class Sweep:
    """One history on littlefs, and the cuts in it that `takes(operation, outcome)` names.

    A cut's flash is made in the middle of littlefs's operation and looked at when the ring's call is done.
    """

    def __init__(self, seed: int, takes: Callable[[int, str], bool], totals: Totals) -> None:
        self.seed, self.takes, self.totals = seed, takes, totals
        self.flash = LfsFlash()
        self.found: list[tuple[str, LfsFlash, Ledger]] = []
        self.world = self._world(Files(self.flash, fresh=True), Ledger())
        self.flash.watch = self._cut

    def _world(self, files: Files, ledger: Ledger) -> World:
        ring_files = FilesFlash(files, COUNT)
        ring_files.after = self._look
        return World(ring_files, ledger)  # type: ignore[arg-type]

    def run(self, sessions: int = 16) -> Totals:
        """Raises CutError at the first broken promise."""
        rng, totals = Random(self.seed), self.totals
        self.world.ring.boot()
        for i in range(sessions):
            one_session(self.world, rng, LEVELS[i % 3])
            mark_some(self.world, rng)
            if i % 5 == 4:
                self._verify_all()
            if rng.random() < 0.3:
                self.world.acknowledge()
                self.world = self._world(Files(self.flash), self.world.ledger)
                self.world.ring.boot()
        self.world.acknowledge()
        _raise(differences(self.world), f"{self.seed}:end")
        totals.sessions += len(self.world.ledger.committed)
        totals.records += sum(len(c) for c in self.world.ledger.committed.values())
        totals.blocks += self.world.ring.head + 1
        return totals

    def _verify_all(self) -> None:
        """All but the newest blocks go: what is left of a long session moves to a file of its own."""
        self.world.acknowledge()
        for entry in reversed(list(self.world.ring.sessions())):
            if not entry.erasable:
                self.world.mark(entry.number, give_up=False)
        self.world.ring.prepare(COUNT)

    def _cut(self, operation: LfsOperation) -> None:
        self.totals.operations += 1
        for outcome in OUTCOMES:
            if self.takes(operation.number, outcome):
                name = f"{self.seed}:{operation.number}:{outcome}"
                self.world.acknowledge()
                found = self.flash.after_cut(operation, outcome, str(self.seed))
                self.found.append((name, found, self.world.ledger.copy()))

    def _look(self) -> None:
        for name, flash, ledger in self.found:
            self.totals.cases += 1
            outcome = name.split(":")[2]
            self.totals.by_outcome[outcome] = self.totals.by_outcome.get(outcome, 0) + 1
            try:
                _check(name, flash, ledger)
            except CutError:
                raise
            except Exception as error:
                raise CutError(f"{name}: {type(error).__name__}: {error}\nrepeat: {REPLAY.format(name)}") from error
        self.found.clear()


def _check(name: str, flash: LfsFlash, ledger: Ledger) -> None:
    """What is left is all that was promised; recording goes on; and the boot after that finds it all."""
    found = World(FilesFlash(Files(flash), COUNT), ledger)  # type: ignore[arg-type]
    _raise(differences(found), f"{name} as found")
    recovery(found)
    found.acknowledge()
    again = World(FilesFlash(Files(flash), COUNT), ledger)  # type: ignore[arg-type]
    again.ring.boot()
    _raise(differences(again) + listing_differences(again), f"{name} after recovery")


def _raise(problems: list[str], name: str) -> None:
    if problems:
        raise CutError(f"{name}: {'; '.join(problems[:5])}\nrepeat: {REPLAY.format(name.partition(' ')[0])}")


def every(n: int) -> Callable[[int, str], bool]:
    """About every n-th case."""
    return lambda operation, outcome: (operation * 7919 + hash_of(outcome)) % n == 0


def main() -> int:
    """0 if every promise held, 1 with the case if not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1-1")
    parser.add_argument("--every", type=int, default=1, help="every n-th case (default: all)")
    parser.add_argument("--replay", help="id of one case: seed:operation:outcome")
    options = parser.parse_args()
    began, totals = time.monotonic(), Totals()
    try:
        if options.replay:
            seed, number, wanted = options.replay.split(":")
            Sweep(int(seed), lambda op, outcome: (op, outcome) == (int(number), wanted), totals).run()
        else:
            low, _, high = options.seeds.partition("-")
            for seed in range(int(low), int(high or low) + 1):
                Sweep(seed, every(options.every), totals).run()
    except CutError as error:
        print(error)
        return 1
    print(
        f"on littlefs: {totals.sessions} sessions, {totals.records} records, {totals.blocks} blocks opened, "
        f"{totals.operations} operations of the flash; {totals.cases} cuts: "
        f"all promises held ({time.monotonic() - began:.0f} s)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
