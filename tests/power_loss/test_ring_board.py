"""Both devices of the ring on the virtual board: the partition, and files where there is none. Nothing is allocated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flash_reader import read_image

from kneesleeve.appbundle import app_files
from kneesleeve.engines.virtual import ARCH
from kneesleeve.errors import LinkError
from kneesleeve.virtual import Scenario, create_image, install_app
from kneesleeve.virtual.batch import run_main
from kneesleeve.virtual.image import sessions_path
from kneesleeve.virtual.interpreter import find_interpreter

# One life: a session of 40 records, written under heap_lock once its first records are on the flash.
PRELUDE = """
import sys
sys.path.insert(0, "/a")
import gc, micropython, time
from boards.esp32_devkit import Board
from kneecore import records as r
from kneecore.record_queue import RecordQueue
from kneecore.ring import Ring
from kneecore.ring_writer import RingWriter
from sleeveapp.ring_partition import PartitionRing
from sleeveapp.ring_files import FileRing
from sleeveapp.ring_fs import Files
board = Board()
def life(dev, records=40):
    ring, queue = Ring(dev, b"abc"), RecordQueue()
    ring.boot()
    ring.prepare(12)
    writer = RingWriter(ring, queue)
    assert writer.open(ring.next_session(0))
    payload = bytes(range(250)) * 4
    queue.record(r.META, b"{}", 0)
    writer.flush()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    micropython.heap_lock()
    for i in range(records):
        at = queue.begin(r.RAW, 1000)
        queue.put(at, payload, 1000)
        queue.commit(i)
        writer.write_some()
    micropython.heap_unlock()
    print("allocated", gc.mem_alloc() - before)
    gc.enable()
    assert writer.flush()
    queue.record(r.CLOSE, bytes(24), 0)
    assert writer.close()
    return ring
"""
PAYLOAD = bytes(range(250)) * 4


@pytest.fixture
def board(tmp_path: Path) -> Callable[..., tuple[str, Path]]:
    """Run text behind PRELUDE on a virtual board that keeps its images; (what it printed, the ring's file)."""
    try:
        find_interpreter()
    except LinkError as error:
        pytest.skip(error.message)
    image = tmp_path / "flash.img"
    create_image(image)

    def run(text: str, **scenario: object) -> tuple[str, Path]:
        install_app(image, app_files(ARCH) | {"main.py": (PRELUDE + text + "\nprint('END')\n").encode()})
        result = run_main(image, Scenario(charge_bus=False, **scenario), timeout_s=30)  # type: ignore[arg-type]
        assert result.output.rstrip().endswith("END"), result.output
        return result.output, sessions_path(image)

    return run


def check_sessions(image: bytes, count: int) -> None:
    found = read_image(image.ljust(-(-len(image) // 4096) * 4096, b"\xff"))
    assert sorted(found) == list(range(1, count + 1))
    for session in found.values():
        assert session.whole and session.flags == 1 and len(session.records) == 42
        assert [p for kind, p in session.records.values() if kind == 3] == [PAYLOAD] * 40


def test_sessions_in_the_partition_stay_over_a_restart(board):
    for life in (1, 2):
        output, ring_file = board("ring = life(PartitionRing(board.sessions)); print('count', ring.count)")
        assert "allocated 0" in output and "count 384" in output
        assert ring_file.stat().st_size == life * 11 * 4096, "only what was used takes room on the disk"
    image = ring_file.read_bytes().ljust(384 * 4096, b"\xff")
    check_sessions(image, 2)


def test_sessions_in_files_where_there_is_no_partition(board):
    text = """
assert board.sessions is None
life(FileRing(Files, "/ring", 64))
ring = life(FileRing(Files, "/ring", 64))
block = bytearray(4096)
with open("/copy", "wb") as f:
    for w in range(ring.head + 1):
        ring.read(w, 0, block)
        f.write(block)
"""
    output, ring_file = board(text, session_blocks=0)
    assert output.count("allocated 0") == 2 and not ring_file.exists()
    from kneesleeve.virtual import read_file

    image = read_file(ring_file.with_name("flash.img"), "copy").ljust(64 * 4096, b"\xff")
    check_sessions(image, 2)


def test_flash_takes_time_when_it_is_told_to(board):
    text = """
p = board.sessions
t = time.ticks_us()
p.writeblocks(0, bytes(4), 0)
u = time.ticks_us()
p.ioctl(6, 0)
print("took", time.ticks_diff(u, t), time.ticks_diff(time.ticks_us(), u))
"""
    assert "took 0 0" in board(text)[0]
    assert "took 3000 80000" in board(text, flash_timing=True)[0]
    assert "took 700 45000" in board(text, flash_timing=True, flash_program_us=700, flash_erase_us=45_000)[0]


def test_the_partition_is_nor_flash(board):
    text = """
p = board.sessions
print(p.info()[3:5], p.ioctl(4, 0), p.ioctl(5, 0))
b = bytearray(8)
p.readblocks(383, b, 4088)
print("erased", b)
p.writeblocks(3, b"\\x0f\\xff\\xff\\xff", 100)
p.writeblocks(3, b"\\x0e\\xff\\xff\\xff", 100)
try:
    p.writeblocks(3, b"\\x1f\\xff\\xff\\xff", 100)
except RuntimeError as error:
    print("refused:", error)
p.ioctl(6, 3)
p.readblocks(3, b, 100)
print("erased", b)
try:
    p.writeblocks(384, b, 0)
except OSError as error:
    print("outside")
"""
    output, ring_file = board(text)
    assert "(1572864, 'sessions') 384 4096" in output and output.count("erased bytearray(b'\\xff\\xff") == 2
    assert "refused: flash: a bit from 0 to 1 in block 3" in output and "outside" in output
    assert ring_file.read_bytes() == b"\xff" * 4 * 4096


def test_a_new_image_forgets_the_old_ring(board, tmp_path):
    _, ring_file = board("life(PartitionRing(board.sessions))")
    assert ring_file.stat().st_size
    create_image(tmp_path / "flash.img")
    assert not ring_file.exists()
