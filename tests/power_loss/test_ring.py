"""The ring's rules: what may be erased and when, what room there is, whose session is whose."""

from __future__ import annotations

from random import Random

import pytest
from flash_model import BLOCK, HEADER, NorFlash
from flash_reader import read_image
from flash_world import DEVICE, Ledger, World, differences, listing_differences

from kneecore import records as r
from kneecore.ring import Ring
from kneecore.ring_header import GIVEN_UP, VERIFIED
from kneecore.ring_scan import kept

PAYLOAD = bytes(1000)  # four such records fill a block


def booted(count: int = 12, flash: NorFlash | None = None) -> World:
    world = World(flash or NorFlash(count), Ledger())
    world.ring.boot()
    return world


def record_blocks(world: World, blocks: int, *, close: bool = True) -> int:
    """A session of so many blocks; its number."""
    assert world.ring.prepare(blocks) >= blocks
    assert world.open()
    for _ in range(4 * blocks - 1):
        assert world.queue.record(r.RAW, PAYLOAD, 0)
        world.write()
    if close:
        assert world.close()
    assert world.ring.head - world.writer._first + 1 == blocks
    return world.session


def numbers(world: World) -> list[int]:
    return [s.number for s in world.ring.sessions()]


def test_sessions_fill_the_ring_and_then_nothing_is_written_over():
    world = booted(12)
    for number in (1, 2, 3, 4):
        assert record_blocks(world, 3) == number
    assert world.ring.space() == (0, 0, 12)
    assert world.ring.prepare(1) == 0 and not world.open()
    assert numbers(world.reboot()) == [4, 3, 2, 1] and differences(world) == []


def test_only_verified_sessions_are_erased_oldest_first_and_as_a_whole():
    world = booted(12)
    for _ in range(4):
        record_blocks(world, 3)
    world.mark(2, give_up=False)
    assert world.ring.prepare(1) == 0, "session 1 lies before it and is not verified"
    assert world.ring.space() == (0, 0, 12)
    world.mark(1, give_up=False)
    assert world.ring.space() == (0, 6, 6)
    assert world.ring.prepare(1) == 1
    assert numbers(world) == [4, 3, 2] and world.ring.space() == (3, 3, 6)
    assert world.ring.prepare(12) == 6 and numbers(world) == [4, 3]
    assert differences(world) == []


def test_verified_sessions_stay_while_there_is_room():
    world = booted(12)
    for _ in range(3):
        world.mark(record_blocks(world, 3), give_up=False)
    world.ring.prepare(3)
    assert numbers(world) == [3, 2, 1]


def test_a_session_given_up_by_name_makes_room():
    world = booted(12)
    record_blocks(world, 11)
    assert world.ring.prepare(3) == 1
    world.mark(1, give_up=True)
    flags = {s.number: s.flags for s in world.ring.sessions()}
    assert flags[1] & GIVEN_UP and not flags[1] & VERIFIED
    assert world.ring.prepare(3) >= 3


def test_the_write_count_goes_on_when_everything_was_verified_and_erased():
    world = booted(12)
    record_blocks(world, 12)
    world.mark(1, give_up=False)
    assert world.ring.prepare(99) == 12 - kept(12)
    world = world.reboot()
    assert (world.ring.head, world.ring.next_session(0)) == (11, 2) and numbers(world) == []
    record_blocks(world, 2)
    assert {b.write_count for b in read_image(world.flash.data)[2].blocks.values()} == {12, 13}


def test_nothing_is_erased_while_a_session_is_written():
    world = booted(12)
    world.mark(record_blocks(world, 6), give_up=False)
    world.ring.prepare(4)
    erased = []
    world.cut = lambda _, operation: erased.append(operation) if operation.data is None else None
    assert world.open()
    while not world.writer.full:
        world.queue.record(r.RAW, PAYLOAD, 0)
        world.write()
    assert world.close() and erased == [] and numbers(world) == [2, 1]


def test_blocks_are_used_in_turn():
    world = booted(12)
    erases: dict[int, int] = {}
    world.cut = lambda _, op: erases.update({op.block: erases.get(op.block, 0) + 1}) if op.data is None else None
    for _ in range(40):
        world.mark(record_blocks(world, 3), give_up=False)
    assert len(erases) == 12 and max(erases.values()) - min(erases.values()) <= 2


def test_the_next_session_number_is_above_that_of_ring_and_counter():
    world = booted()
    assert world.ring.next_session(0) == 1 and world.ring.next_session(41) == 42
    world.ring.prepare(4)
    assert world.writer.open(42)
    world.session, world.ledger.committed[42], world.ledger.acked[42] = 42, [], 0
    world.queue.record(r.META, b"{}", 0)
    world.close()
    again = world.reboot()
    assert again.ring.next_session(0) == again.ring.next_session(7) == 43 and again.ring.next_session(43) == 44
    with pytest.raises(ValueError, match="number"):
        again.ring.begin(42)


def test_a_partition_full_of_rubbish_is_erased_before_it_is_used():
    flash = NorFlash(12, Random(4).randbytes(12 * BLOCK))
    world = booted(flash=flash)
    assert world.ring.head == -1 and world.ring.ready == 0
    record_blocks(world, 5)
    assert differences(world) == [] and numbers(world.reboot()) == [1]


def test_a_block_that_does_not_come_clean_is_not_used():
    world = booted(12)
    erase = world.flash.erase

    def worn(block: int) -> None:
        erase(block)
        if block == 5:
            world.flash.data[5 * BLOCK + 77] = 0xFE

    world.flash.erase = worn  # type: ignore[method-assign]
    world.flash.data[5 * BLOCK + 77] = 0xFE
    assert world.ring.prepare(12) == 5


def test_an_interrupted_session_is_closed_by_a_status_bit_and_left_as_it_is():
    world = booted(12)
    record_blocks(world, 2, close=False)
    before = bytes(world.flash.data)
    world = world.reboot()
    after = bytes(world.flash.data)
    assert [i for i in range(len(before)) if before[i] != after[i]] == [32], "one byte of one status word"
    assert listing_differences(world) == []
    assert [s.flags for s in world.ring.sessions()] == [2]
    assert world.reboot().flash.data == after


def test_a_session_left_open_is_settled_when_the_next_begins():
    world = booted(12)
    record_blocks(world, 2, close=False)
    record_blocks(world, 2)
    assert [s.flags for s in world.ring.sessions()] == [1, 2]


def test_a_session_without_its_first_block_is_kept_until_it_is_given_up():
    world = booted(12)
    for _ in range(4):
        record_blocks(world, 3)
    world.flash.data[20] ^= 1
    world = world.reboot()
    assert [(s.number, s.blocks, s.erasable) for s in world.ring.sessions()][-1] == (1, 2, False)
    assert world.ring.prepare(12) == 1, "the damaged block itself"
    world.mark(1, give_up=True)
    assert world.ring.prepare(2) == 2 and numbers(world) == [4, 3, 2]


def test_many_damaged_headers_do_not_make_a_session_free():
    """Boot passes over two; behind more of them it does not see the oldest session, but making room does."""
    world = booted(40)
    record_blocks(world, 30)
    record_blocks(world, 8)
    for w in range(6, 12):
        world.flash.data[w * BLOCK + 20] ^= 1
    ring = world.reboot().ring
    ring.prepare(12)
    assert all(bytes(world.flash.data[w * BLOCK + HEADER :][:64]) != b"\xff" * 64 for w in range(6))


def test_room_is_told_in_bytes_and_ends_with_a_reserve_for_the_close():
    world = booted(12)
    world.ring.prepare(3)
    world.ring.erased_to = 2  # the run was given 3 blocks
    assert world.open() and world.writer.left == 3 * (BLOCK - HEADER) - 128
    written = 0
    while not world.writer.full:
        world.queue.record(r.EVENT, bytes(12), 0)
        written += world.write()
    assert world.writer.left < 24 and 3 * (BLOCK - HEADER) - 128 - written < 24 * 3
    assert world.close() and world.flash.data[3 * BLOCK :] == b"\xff" * 9 * BLOCK
    assert list(read_image(world.flash.data)[1].records.values())[-1][0] == r.CLOSE


class FailingFlash(NorFlash):
    """Programs fail from a given operation on."""

    fails_at = 10**9

    def program(self, block: int, offset: int, buf: bytes | bytearray, at: int, n: int) -> None:
        if self.operations >= self.fails_at:
            raise OSError(5)
        super().program(block, offset, buf, at, n)


@pytest.mark.parametrize("operations", range(6, 12))
def test_a_device_that_fails_ends_the_recording_and_nothing_else(operations):
    flash = FailingFlash(12)
    world = booted(flash=flash)
    world.ring.prepare(4)
    assert world.open()
    flash.fails_at = flash.operations + operations
    with pytest.raises(OSError):
        while True:
            world.queue.record(r.RAW, PAYLOAD, 0)
            world.write()
    world.acknowledge()
    assert world.writer.broken and world.write() == 0 and world.ring.ready == 0
    flash.fails_at = 10**9
    world.drop()
    world.queue.restart()
    record_blocks(world, 2)
    assert [s.flags for s in world.ring.sessions()] == [1, 2] and differences(world) == []


def test_a_step_of_making_room_erases_at_most_one_block():
    world = booted(12)
    for _ in range(4):
        world.mark(record_blocks(world, 3), give_up=False)
    world = world.reboot()
    operations: list[int] = []
    world.cut = lambda _, op: operations.append(op.data is None)
    steps = 0
    while world.ring.work(6):
        assert sum(operations) <= 1
        operations.clear()
        steps += 1
    assert world.ring.ready == 6 and steps > 6


def test_the_ring_knows_only_its_four_calls():
    class Bare:
        count = 12

        def __init__(self) -> None:
            flash = NorFlash(12)
            self.read, self.program, self.erase = flash.read, flash.program, flash.erase

    ring = Ring(Bare(), DEVICE)
    ring.boot()
    assert ring.prepare(3) == 3
