"""A sleeve's storage and a ledger of what it promised: what was committed, what was acknowledged, what may be gone."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from flash_model import NorFlash, Operation
from flash_reader import BLOCK, GIVEN_UP, VERIFIED, FoundSession, read_block, read_image

from kneecore import records as r
from kneecore.record_queue import RecordQueue
from kneecore.ring import Ring
from kneecore.ring_writer import RingWriter

DEVICE = bytes.fromhex("7c9ebd4a1e02")


class Ledger:
    """By session number. A record's sequence is its index in `committed`; the first acked[n] were acknowledged."""

    def __init__(self) -> None:
        self.committed: dict[int, list[tuple[int, bytes]]] = {}
        self.acked: dict[int, int] = {}
        self.marked: set[int] = set()  # the host said verified or given up
        self.erasing: set[int] = set()  # an operation that destroys one of its blocks was begun

    def copy(self) -> Ledger:
        other = Ledger()
        other.committed = {n: list(records) for n, records in self.committed.items()}
        other.acked = dict(self.acked)
        other.marked, other.erasing = set(self.marked), set(self.erasing)
        return other


class WatchedQueue(RecordQueue):
    """Notes each record in the ledger when it is committed; held ones when they are released."""

    def __init__(self, world: World, size: int) -> None:
        self._world = world
        self._noted: list[tuple[int, bytes]] = []
        super().__init__(size)

    def commit(self, now: int) -> None:
        super().commit(now)
        start = self._at + r.RECORD_HEADER
        content = self._kind, bytes(self.buffer[start : start + self._n])
        (self._noted if self.holding else self._world.committed).append(content)

    def release(self, now: int) -> None:
        self._world.committed.extend(self._noted)
        self._noted = []
        super().release(now)

    def discard(self) -> None:
        self._noted = []
        super().discard()


class World:
    """One life: from a boot on, over a flash that may have a history."""

    def __init__(self, flash: NorFlash, ledger: Ledger, queue_bytes: int = 5000) -> None:
        self.flash, self.ledger = flash, ledger
        self.session = 0
        self.cut: Callable[[World, Operation], None] | None = None  # called before each operation
        flash.watch = self._before
        self.ring = Ring(flash, DEVICE)
        self.queue = WatchedQueue(self, queue_bytes)
        self.writer = RingWriter(self.ring, self.queue)

    def _before(self, operation: Operation) -> None:
        if self.cut:
            self.cut(self, operation)
        self.ledger.erasing |= self.victims(operation)

    @property
    def committed(self) -> list[tuple[int, bytes]]:
        return self.ledger.committed[self.session]

    def open(self) -> bool:
        """Begin the next session; False if there is no room."""
        number = self.ring.next_session(0)
        if not self.writer.open(number):
            return False
        self.session = number
        self.ledger.committed[number] = []
        self.ledger.acked[number] = 0
        return True

    def acknowledge(self) -> None:
        """Note what has reached the flash."""
        if self.session:
            self.ledger.acked[self.session] = self.queue.next_sequence

    def write(self, limit: int = 1024) -> int:
        done = self.writer.write_some(limit)
        self.acknowledge()
        return done

    def close(self) -> bool:
        """CLOSE and all that goes with it; what found no room is dropped."""
        if not self.writer.flush():
            self.drop()
        self.queue.record(r.CLOSE, bytes(24), 0)
        closed = self.writer.close()
        self.acknowledge()
        return closed

    def drop(self) -> None:
        self.queue.drop()
        del self.committed[self.queue.next_sequence :]

    def reboot(self) -> World:
        """Power off and on, between two operations."""
        self.acknowledge()
        world = World(self.flash, self.ledger)
        world.cut = self.cut
        world.ring.boot()
        return world

    def mark(self, number: int, give_up: bool) -> None:
        self.ledger.marked.add(number)
        assert self.ring.give_up(number) if give_up else self.ring.mark_verified(number)

    def after_cut(self, operation: Operation, outcome: str, seed: str) -> World:
        """The world after a cut in this operation, before its boot."""
        self.acknowledge()
        ledger = self.ledger.copy()
        ledger.erasing |= self.victims(operation)
        return World(self.flash.after_cut(operation, outcome, seed), ledger)

    def victims(self, operation: Operation) -> set[int]:
        """The session that loses a block by this operation, if one does."""
        if operation.data is not None and not operation.kills:
            return set()
        start = operation.block * BLOCK
        block = read_block(bytes(self.flash.data[start : start + BLOCK]))
        if block is None or block.write_count % self.flash.count != operation.block:
            return set()
        assert block.session in self.ledger.marked, f"session {block.session} erased, and nobody has verified it"
        return {block.session}


def payload(rng: Random, kind: int) -> bytes:
    """Bytes such as this type of record holds, in any content that may confuse a reader."""
    n = {
        r.META: rng.randrange(600, 1100), r.CALIBRATION: 132, r.RAW: rng.randrange(40, 1025),
        r.STRIDE: rng.randrange(20, 50), r.EVENT: 12, r.DROPOUT: 12, r.CLOSE: 24, r.TIME: 16,
        r.STATE: rng.choice((900, 2400, 3984)),
    }[kind]  # fmt: skip
    content = rng.randrange(4)
    if content == 0:
        return b"\xff" * n  # looks erased
    if content == 1:
        return (b"\xa5\x05\x0c\x00" * n)[:n]  # looks like the start of a record everywhere
    return rng.randbytes(n)


def differences(world: World) -> list[str]:
    """What the flash holds against what the ledger allows; empty if all is well. Works without a boot."""
    found = read_image(world.flash.data)
    ledger = world.ledger
    problems = []
    for number, committed in ledger.committed.items():
        session = found.pop(number, None)
        if session is None:
            if ledger.acked[number] and number not in ledger.erasing:
                problems.append(f"session {number} is gone")
            continue
        problems += [f"session {number}: {p}" for p in _record_differences(session, committed)]
        if number in ledger.erasing:
            continue
        missing = [i for i in range(ledger.acked[number]) if i not in session.records]
        if missing:
            problems.append(f"session {number}: acknowledged records {missing[:5]} of {ledger.acked[number]} are lost")
        if not session.whole:
            problems.append(f"session {number}: blocks {sorted(session.blocks)}")
    return problems + [f"session {number} was never begun" for number in found]


def _record_differences(session: FoundSession, committed: list[tuple[int, bytes]]) -> list[str]:
    """Records that were not written and yet are there."""
    return [
        f"record {i} was not written like that"
        for i, record in session.records.items()
        if i >= len(committed) or record != committed[i]
    ]


def listing_differences(world: World) -> list[str]:
    """What the ring says of its sessions after a boot, against what the reader finds."""
    ledger = world.ledger
    found = read_image(world.flash.data)
    problems = []
    listed = {s.number: s for s in world.ring.sessions()}
    for number, session in found.items():
        entry = listed.pop(number, None)
        if entry is None:
            if number not in ledger.erasing:
                problems.append(f"session {number} is not listed")
            continue
        if (entry.blocks, entry.flags) != (len(session.blocks), session.flags):
            problems.append(f"session {number} is listed with {entry.blocks} blocks, flags {entry.flags}")
        if not entry.flags & 3:
            problems.append(f"session {number} is neither closed nor interrupted")
        acked = ledger.committed[number][: ledger.acked[number]]
        if acked and acked[-1][0] == r.CLOSE and number not in ledger.erasing and not entry.flags & 1:
            problems.append(f"session {number} was closed")
        last = session.records[max(session.records)] if session.records else (0, b"")
        if entry.flags & 1 and last[0] != r.CLOSE:
            problems.append(f"session {number} counts as closed and ends with record type {last[0]}")
        if entry.flags & (VERIFIED | GIVEN_UP) and number not in ledger.marked:
            problems.append(f"session {number} counts as verified")
    problems += [f"session {number} is listed and not there" for number in listed]
    newest = max((b.write_count for s in found.values() for b in s.blocks.values()), default=-1)
    if world.ring.head != newest:
        problems.append(f"newest block {world.ring.head}, not {newest}")
    return problems
