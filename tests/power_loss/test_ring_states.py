"""The ring against a simple model, a list of sessions, under any order of what may happen to it."""

from __future__ import annotations

from dataclasses import dataclass

from flash_model import NorFlash, Operation
from flash_world import Ledger, World, differences, listing_differences
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kneecore import records as r
from kneecore.ring_scan import kept

SIZES = (6, 14, 40)


@dataclass
class Known:
    """What the model knows of a session."""

    number: int
    blocks: int = 0
    flags: int = 0


class RingMachine(RuleBasedStateMachine):
    """Sessions are a list, oldest first; all that may happen to it by itself is losing marked ones at its start."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[Known] = []
        self.writing = False

    @initialize(blocks=st.sampled_from(SIZES))
    def switch_on(self, blocks: int) -> None:
        self.blocks = blocks
        self.world = World(NorFlash(blocks), Ledger())
        self.world.ring.boot()
        self._listen()

    def _listen(self) -> None:
        self.world.cut = self._operation

    def _operation(self, _world: World, operation: Operation) -> None:
        assert operation.data is not None or not self.writing, "an erase while a session is written"

    @property
    def newest(self) -> Known:
        return self.sessions[-1]

    @precondition(lambda self: not self.writing)
    @rule(wanted=st.sampled_from([0, 3, 10, 99]))
    def prepare(self, wanted: int) -> None:
        ready = self.world.ring.prepare(wanted)
        assert ready == self.world.ring.ready
        self.lose_erased()
        if ready < min(wanted, self.blocks - kept(self.blocks)):
            assert not self.sessions[0].flags & 12 or self.rest_is_newest()

    def rest_is_newest(self) -> bool:
        """What stands in the way is the newest end, which stays."""
        return self.world.ring.head - self.world.ring.tail < kept(self.blocks)

    @precondition(lambda self: not self.writing)
    @rule(wanted=st.integers(1, 6))
    def step(self, wanted: int) -> None:
        self.world.ring.work(wanted)
        self.lose_erased()

    def lose_erased(self) -> None:
        there = {s.number for s in self.world.ring.sessions()}
        while self.sessions and self.sessions[0].number not in there:
            gone = self.sessions.pop(0)
            assert gone.flags & 12, f"session {gone.number} erased, and nobody has verified it"

    @precondition(lambda self: not self.writing)
    @rule(wanted=st.sampled_from([0, 2, 6, 12]))
    def begin(self, wanted: int) -> None:
        room = self.world.ring.prepare(wanted)
        self.lose_erased()
        if self.world.open():
            self.settle()
            self.sessions.append(Known(self.world.session))
            self.writing = True
        else:
            assert room == 0

    @precondition(lambda self: not self.writing)
    @rule(wanted=st.sampled_from([2, 5, 9]), records=st.sampled_from([2, 9, 30, 90]))
    def whole_session(self, wanted: int, records: int) -> None:
        self.begin(wanted)
        if self.writing:
            self.write(records, 1024, 4096)
            self.close()

    def settle(self) -> None:
        """At boot and before a session the one before gets its status; one that never reached the flash is none."""
        if self.sessions and not self.newest.blocks:
            self.sessions.pop()
        if self.sessions and not self.newest.flags & 3:
            self.newest.flags |= 2

    @precondition(lambda self: self.writing)
    @rule(
        count=st.sampled_from([1, 4, 20, 48]), size=st.sampled_from([12, 500, 1024]), limit=st.sampled_from([1, 4096])
    )
    def write(self, count: int, size: int, limit: int) -> None:
        before = self.world.ring.head
        for i in range(count):
            if self.world.queue.record(r.RAW, bytes((i,)) * size, i):
                self.world.write(limit)
        self.newest.blocks += self.world.ring.head - before

    @precondition(lambda self: self.writing)
    @rule()
    def close(self) -> None:
        before = self.world.ring.head
        assert self.world.close()
        self.newest.blocks += self.world.ring.head - before
        self.newest.flags |= 1
        self.writing = False

    @rule()
    def power_off_and_on(self) -> None:
        self.world = self.world.reboot()
        self._listen()
        self.settle()
        self.writing = False

    @precondition(lambda self: not self.writing and self.sessions)
    @rule(count=st.sampled_from([1, 2, 99]))
    def verify_the_oldest(self, count: int) -> None:
        for known in self.sessions[:count]:
            self.world.mark(known.number, give_up=False)
            known.flags |= 4

    @precondition(lambda self: not self.writing and self.sessions)
    @rule(data=st.data(), give_up=st.booleans())
    def mark(self, data: st.DataObject, give_up: bool) -> None:
        known = data.draw(st.sampled_from(self.sessions))
        self.world.mark(known.number, give_up)
        known.flags |= 8 if give_up else 4

    @invariant()
    def all_is_there(self) -> None:
        self.world.acknowledge()
        assert differences(self.world) == []
        listed = [(s.number, s.blocks, s.flags) for s in self.world.ring.sessions()]
        assert listed[::-1] == [(k.number, k.blocks, k.flags) for k in self.sessions if k.blocks]

    @invariant()
    def accounts(self) -> None:
        free, erasable, held = self.world.ring.space()
        blocks = sum(known.blocks for known in self.sessions)
        assert free <= self.blocks - blocks and held <= blocks and erasable <= self.blocks - free - held
        first_held = next((i for i, known in enumerate(self.sessions) if not known.flags & 12), len(self.sessions))
        assert held == sum(known.blocks for known in self.sessions[first_held:])

    @invariant()
    def another_boot_finds_the_same(self) -> None:
        if not self.writing:
            again = World(self.world.flash, self.world.ledger.copy())
            again.cut = None
            again.ring.boot()
            assert listing_differences(again) == []
            assert (again.ring.head, again.ring.tail) == (self.world.ring.head, self.world.ring.tail)
            self.world.flash.watch = self.world._before


TestRing = RingMachine.TestCase
TestRing.settings = settings(max_examples=60, stateful_step_count=50, deadline=None, derandomize=True)
