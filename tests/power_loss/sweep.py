"""Cuts the power at every operation of a history, and again in the recovery from that, and looks at what is left.

python tests/power_loss/sweep.py --seeds 1-4            all of them, with a second cut in every recovery
python tests/power_loss/sweep.py --replay 1:217:bits2   one case; a second cut is a further :operation:outcome
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
for _folder in (HERE, HERE.parents[1] / "shared"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from flash_model import Operation
from flash_scripts import history, long_recovery, recovery
from flash_world import World, differences, listing_differences

REPLAY = ".venv/bin/python tests/power_loss/sweep.py --replay {}"


class CutError(AssertionError):
    """A promise was broken; the message has the case's id and the command that repeats it."""


@dataclass
class Totals:
    """What a sweep did. cases: cuts looked at. second: those of them that were a cut in a recovery; long: those
    followed by a life that fills the ring."""

    operations: int = 0
    cases: int = 0
    second: int = 0
    long: int = 0
    sessions: int = 0
    records: int = 0
    blocks: int = 0
    by_outcome: dict[str, int] = field(default_factory=dict)


@dataclass
class Plan:
    """Which cuts are made: takes(case id parts) for the first and the second cut."""

    first: Callable[[int, str], bool]
    second: Callable[[int, str, int, str], bool]
    long: Callable[[int], bool] = lambda case: case % 16 == 0  # followed by a life that fills the ring


def everything() -> Plan:
    return Plan(lambda *_: True, lambda *_: True)


def sample(every: int, second_every: int) -> Plan:
    """About every n-th case, spread over operations and outcomes in an order that does not repeat."""

    def pick(n: int, *parts: int | str) -> bool:
        return sum(hash_of(p) * k for k, p in zip((1, 7919, 104729, 1299709), parts, strict=False)) % n == 0

    return Plan(lambda *case: pick(every, *case), lambda *case: pick(second_every, *case))


def hash_of(part: int | str) -> int:
    return part if isinstance(part, int) else sum(part.encode()) * 31


def only(parts: list[str]) -> Plan:
    """The case of an id."""
    first, second = (int(parts[1]), parts[2]), tuple(parts[3:])
    return Plan(lambda op, out: (op, out) == first, lambda _o, _u, op, out: (str(op), out) == second)


def sweep(seed: int, plan: Plan, totals: Totals, progress: Callable[[Totals], None] | None = None) -> Totals:
    """All cases of a plan on the history of a seed. Raises CutError at the first broken promise."""
    world, steps = history(seed)

    def cut(world: World, operation: Operation) -> None:
        totals.operations += 1
        for outcome in operation.outcomes:
            if plan.first(operation.number, outcome):
                _case(world, operation, outcome, f"{seed}", plan, totals, second=False)
        if progress:
            progress(totals)

    world.cut = cut
    for step in steps:
        world = step(world)
    world.acknowledge()
    _raise(differences(world), f"{seed}:end")
    totals.blocks += world.ring.head + 1
    totals.sessions += len(world.ledger.committed)
    totals.records += sum(len(c) for c in world.ledger.committed.values())
    return totals


def _case(
    world: World, operation: Operation, outcome: str, seed: str, plan: Plan, totals: Totals, second: bool
) -> None:
    name = f"{seed}:{operation.number}:{outcome}"
    totals.cases += 1
    totals.second += second
    totals.by_outcome[outcome] = totals.by_outcome.get(outcome, 0) + 1
    try:
        found = world.after_cut(operation, outcome, seed)
        _raise(differences(found), f"{name} as found")
        if not second:
            found.cut = lambda found, op: _second(found, op, operation.number, outcome, name, plan, totals)
        recovery(found)
        found.cut = None
        found.acknowledge()
        _raise(differences(found), f"{name} after recovery")
        found = found.reboot()
        _raise(listing_differences(found), f"{name} after recovery")
        if plan.long(totals.cases):
            totals.long += 1
            found = long_recovery(found)
            found.acknowledge()
            _raise(differences(found), f"{name} after a life that fills the ring")
    except CutError:
        raise
    except Exception as error:
        raise CutError(f"{name}: {type(error).__name__}: {error}\nrepeat: {REPLAY.format(name)}") from error


def _second(
    world: World, operation: Operation, first: int, first_outcome: str, name: str, plan: Plan, totals: Totals
) -> None:
    for outcome in operation.outcomes:
        if plan.second(first, first_outcome, operation.number, outcome):
            _case(world, operation, outcome, name, plan, totals, second=True)


def _raise(problems: list[str], name: str) -> None:
    if problems:
        case = name.partition(" ")[0]
        raise CutError(f"{name}: {'; '.join(problems[:5])}\nrepeat: {REPLAY.format(case)}")


def _progress(seed: int) -> Callable[[Totals], None]:
    last = [time.monotonic()]

    def show(totals: Totals) -> None:
        if time.monotonic() > last[0] + 5:
            last[0] = time.monotonic()
            print(f"seed {seed}: {totals.operations} operations, {totals.cases} cuts", file=sys.stderr, flush=True)

    return show


def main() -> int:
    """0 if every promise held, 1 with the case if not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1-3", help="histories, for example 1-3 or 7")
    parser.add_argument(
        "--second-every", type=int, default=1, help="of the cuts in a recovery, every n-th (default: all)"
    )
    parser.add_argument("--replay", help="id of one case: seed:operation:outcome[:operation:outcome]")
    options = parser.parse_args()
    began, totals = time.monotonic(), Totals()
    try:
        if options.replay:
            parts = options.replay.split(":")
            sweep(int(parts[0]), only(parts), totals)
        else:
            low, _, high = options.seeds.partition("-")
            plan = Plan(lambda *_: True, sample(1, options.second_every).second)
            for seed in range(int(low), int(high or low) + 1):
                sweep(seed, plan, totals, _progress(seed))
    except CutError as error:
        print(error)
        return 1
    print(
        f"{totals.sessions} sessions, {totals.records} records, {totals.blocks} blocks opened, "
        f"{totals.operations} operations; {totals.cases} cuts, {totals.second} of them in a recovery: "
        f"all promises held ({time.monotonic() - began:.0f} s)"
    )
    print(", ".join(f"{name} {n}" for name, n in sorted(totals.by_outcome.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
