"""What the sleeve does in a power-cut test: sessions of all levels, marks, room made, boots; and after a cut."""

from __future__ import annotations

from random import Random

from flash_model import NorFlash
from flash_world import Ledger, World, payload

from kneecore import records as r

BLOCKS = 12
# what a session of each level writes, by weight
LEVELS: dict[str, dict[int, int]] = {
    "strides": {r.STRIDE: 10, r.EVENT: 3, r.TIME: 1},
    "windows": {r.STRIDE: 8, r.EVENT: 4, r.RAW: 6, r.STATE: 1, r.DROPOUT: 1},
    "raw": {r.RAW: 20, r.STRIDE: 3, r.EVENT: 2, r.STATE: 1},
}


def history(seed: int, sessions: int = 24, blocks: int = BLOCKS) -> tuple[World, list]:
    """A new world, and the steps (calls that take and return the world) of several sessions that wrap the ring."""
    rng = Random(seed)
    world = World(NorFlash(blocks), Ledger())
    steps = [lambda w: w.reboot()]
    for i in range(sessions):
        steps.append(lambda w, level=tuple(LEVELS)[i % 3]: one_session(w, rng, level))
        steps.append(lambda w: mark_some(w, rng))
        if rng.random() < 0.4:
            steps.append(lambda w: w.reboot())
    return world, steps


def one_session(world: World, rng: Random, level: str) -> World:
    """Make room, record, and close in most cases; what finds no room ends the session as the recorder does."""
    if rng.random() < 0.3:
        world.ring.work(4)  # idle does a step now and then
    world.ring.prepare(rng.randrange(1, 8))
    if not world.open():
        return world
    world.queue.record(r.META, payload(rng, r.META), 0)
    kinds = rng.choices(*zip(*LEVELS[level].items(), strict=True), k=rng.randrange(8, 60 if level == "strides" else 30))
    for now, kind in enumerate((r.CALIBRATION, *kinds), 1):
        content = payload(rng, kind)
        if level == "windows" and kind == r.STATE and world.queue.empty:
            hold_some(world, rng, content, now)
        elif not world.queue.record(kind, content, now):
            world.queue.overrun(now, 4)
        if world.queue.due(now) or rng.random() < 0.4:
            world.write(rng.choice((1, 1024, 4096)))
        if world.writer.full:
            break
    if rng.random() < 0.8 or world.writer.full:
        assert world.close(), "no room for CLOSE"
    return world


def hold_some(world: World, rng: Random, state: bytes, now: int) -> None:
    """A state and samples wait for a cue, which comes or does not."""
    if not world.queue.hold():
        return
    there = world.queue.record(r.STATE, state, now)
    for _ in range(rng.randrange(3)):
        there = there and world.queue.record(r.RAW, payload(rng, r.RAW), now)
    world.write()  # writes nothing of it
    if there and rng.random() < 0.7:
        world.queue.release(now)
    else:
        world.queue.discard()


def mark_some(world: World, rng: Random) -> World:
    """The host pulls and verifies some sessions, oldest first as it likes; the wearer gives one up."""
    world.acknowledge()
    for entry in reversed(list(world.ring.sessions())):
        if entry.flags & 12 or not entry.flags & 3:
            continue
        if rng.random() < 0.8:
            world.mark(entry.number, give_up=rng.random() < 0.2)
    return world


def long_recovery(world: World) -> World:
    """Another life after the recovery in which everything is verified, erased, and written full again."""
    world = world.reboot()
    for entry in reversed(list(world.ring.sessions())):
        world.mark(entry.number, give_up=False)
    world.ring.prepare(world.ring.count)
    assert world.ring.ready == world.ring.count - 1, f"{world.ring.ready} blocks made ready"
    assert world.open()
    content = bytes(1024)
    while not world.writer.full:
        world.queue.record(r.RAW, content, 0)
        world.write()
    assert world.close(), "no room for CLOSE"
    return world


def recovery(world: World) -> World:
    """After a cut: boot, make room, and record a little."""
    world.ring.boot()
    before = {s.number for s in world.ring.sessions()}
    world.ring.prepare(3)
    if world.open():
        assert world.session > max(before, default=0)
        for i in range(3):
            world.queue.record(r.EVENT, bytes((i,)) * 12, i)
        world.write()
        world.close()
    return world
