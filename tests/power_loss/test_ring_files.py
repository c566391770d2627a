"""The ring of files on the real littlefs: the same promises, under cuts in the middle of littlefs's own operations."""

from __future__ import annotations

import pytest
from flash_reader import read_image
from flash_world import Ledger, World, differences, listing_differences
from littlefs_model import Files, FilesFlash, LfsFlash
from sweep import Totals
from sweep_files import Sweep, every

from kneecore import records as r


def booted(flash: LfsFlash, count: int = 12, ledger: Ledger | None = None, *, fresh: bool = False) -> World:
    world = World(FilesFlash(Files(flash, fresh=fresh), count), ledger or Ledger())  # type: ignore[arg-type]
    world.ring.boot()
    return world


def record_blocks(world: World, blocks: int) -> None:
    assert world.ring.prepare(blocks) >= blocks and world.open()
    for _ in range(4 * blocks - 1):
        assert world.queue.record(r.RAW, bytes(1000), 0)
        world.write()
    assert world.close()


def names(world: World) -> list[str]:
    files: Files = world.flash.ring_device._fs  # type: ignore[attr-defined]
    return sorted(name for (name,) in files.ilistdir("/ring") if name.endswith(".blk"))


@pytest.mark.parametrize("seed", [1, 2])
def test_power_cuts_inside_littlefs(seed):
    totals = Sweep(seed, every(200), Totals()).run()
    assert totals.cases > 40 and totals.blocks > 20 and totals.sessions == 16
    assert set(totals.by_outcome) == {"synced", "all", "part1", "part2", "torn"}


def test_blocks_lie_in_one_file_a_session_and_read_as_on_a_flash():
    flash = LfsFlash()
    world = booted(flash, fresh=True)
    record_blocks(world, 3)
    record_blocks(world, 2)
    assert names(world) == ["00000001-00000.blk", "00000002-00003.blk"]
    image = world.flash.data
    assert image[5 * 4096 :] == b"\xff" * 7 * 4096 and image[32:36] == b"\xfe\xff\xff\xff"
    assert [s.whole for s in read_image(image).values()] == [True, True]
    again = booted(flash, ledger=world.ledger)
    assert differences(again) + listing_differences(again) == [] and again.flash.data == image


def test_a_file_goes_when_the_last_of_its_blocks_is_erased():
    world = booted(LfsFlash(), fresh=True)
    for _ in range(3):
        record_blocks(world, 4)
    world.mark(1, give_up=False)
    assert world.ring.prepare(1) == 1
    assert names(world) == ["00000002-00004.blk", "00000003-00008.blk"] and differences(world) == []


def test_a_long_session_that_is_erased_but_for_its_end_gives_its_room_back():
    flash = LfsFlash()
    world = booted(flash, fresh=True)
    record_blocks(world, 12)
    world.mark(1, give_up=False)
    assert world.ring.prepare(99) == 11
    assert names(world) == ["00000002-00011.blk"]
    again = booted(flash, ledger=world.ledger)
    assert again.ring.head == 11 and list(again.ring.sessions()) == []
    record_blocks(again, 11)
    assert differences(again) == []


def test_a_cut_while_that_end_moves_leaves_it_once():
    flash = LfsFlash()
    world = booted(flash, count=4, fresh=True)
    record_blocks(world, 4)
    world.mark(1, give_up=False)
    found: list[tuple[LfsFlash, Ledger]] = []
    flash.watch = lambda operation: found.append((flash.after_cut(operation, "all", "x"), world.ledger.copy()))
    world.ring.prepare(99)
    flash.watch = None
    assert names(world) == ["00000002-00003.blk"] and len(found) > 20
    doubles = 0
    for cut, ledger in found:
        files = Files(cut)
        doubles += sum(name.endswith(".blk") for (name,) in files.ilistdir("/ring")) == 2
        again = booted(cut, count=4, ledger=ledger)
        assert len(names(again)) == 1
        for _ in range(2):
            record_blocks(again, 3)
            again.mark(again.session, give_up=False)
        assert differences(again) == []
    assert doubles, "no cut fell between the copy and the removal"


def test_the_number_of_blocks_is_kept_because_it_decides_where_they_are():
    flash = LfsFlash()
    world = booted(flash, fresh=True)
    record_blocks(world, 3)
    assert booted(flash, count=40, ledger=world.ledger).ring.count == 12


def test_a_full_file_system_ends_the_recording_and_keeps_what_is_there():
    flash = LfsFlash()
    files = Files(flash, fresh=True)
    with files.open("/other", "wb") as f:
        for _ in range(48):
            f.write(bytes(4096))
    world = World(FilesFlash(files, 40), Ledger())  # type: ignore[arg-type]
    world.ring.boot()
    world.ring.prepare(40)
    assert world.open()
    with pytest.raises(OSError, match="NOSPC"):
        while True:
            world.queue.record(r.RAW, bytes(1000), 0)
            world.write()
    world.acknowledge()
    assert world.writer.broken and world.ledger.acked[1] > 10
    world.drop()
    again = booted(flash, count=40, ledger=world.ledger)
    assert differences(again) + listing_differences(again) == []
