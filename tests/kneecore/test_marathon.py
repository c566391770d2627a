"""Four hours at 180 steps a minute, strides only, fit a board with 4 MB of flash."""

from __future__ import annotations

from array import array

from core_runs import drain, params_for, runner

from kneecore import records as r
from kneecore.record_queue import RecordQueue
from kneecore.record_stride import StridePacker
from kneecore.ring import Ring
from kneecore.ring_header import BLOCK
from kneecore.ring_writer import RingWriter
from kneecore.stride import BATCH, CUE_BATCH, FIELDS, IC, INDEX, TO
from kneesleeve.engines import core

STRIDES, STRIDE_SAMPLES, STRIDE_BATCHES = 21_600, 139, 33  # 4 h, a stride every 0.667 s
MOST_BYTES = 1_500_000


class Memory:
    """384 blocks, all erased."""

    count = 384

    def __init__(self) -> None:
        self.data = bytearray(b"\xff" * BLOCK * self.count)

    def read(self, block: int, offset: int, buf: bytearray) -> None:
        at = BLOCK * block + offset
        buf[:] = self.data[at : at + len(buf)]

    def program(self, block: int, offset: int, buf: bytes, at: int, n: int) -> None:
        start = BLOCK * block + offset
        self.data[start : start + n] = buf[at : at + n]

    def erase(self, block: int) -> None:
        raise AssertionError("nothing is erased in a run")


def moved(stride: tuple[int, ...], i: int) -> array[int]:
    """The same stride as the i-th of a long run."""
    words = list(stride)
    by = STRIDE_SAMPLES * i - words[IC]
    words[INDEX], words[IC], words[TO] = i, words[IC] + by, words[TO] + by
    words[BATCH] = 1500 + STRIDE_BATCHES * i
    words[CUE_BATCH] = words[BATCH] if words[CUE_BATCH] else 0
    return array("i", words)


def test_a_marathon_of_strides_takes_less_than_1500_kB():
    """Strides of a built-in runner, cued ones among them, over and over; 12 bytes of events a second beside them."""
    recording = runner(seed=3, run_s=60.0, collapse_share=0.3)
    strides = core.run(drain(recording), params_for(recording)).strides
    memory = Memory()
    ring, queue, packer = Ring(memory, b"device"), RecordQueue(6656), StridePacker(FIELDS)
    ring.boot()
    ring.erased_to = ring.head + memory.count - 1
    writer, scratch = RingWriter(ring, queue), bytearray(packer.most)
    assert writer.open(1) and queue.record(r.META, b" " * 1100, 0)
    for i in range(STRIDES):
        n = packer.pack(moved(strides[i % len(strides)], i), scratch, 0)
        assert queue.record(r.STRIDE, scratch[:n], i)
        if i % 3 == 0:  # an event of 24 bytes every 2 s
            assert queue.record(r.EVENT, bytes(12), i)
        writer.write_some(1)
        assert not writer.full, f"full after {i} strides"
    assert writer.flush() and queue.record(r.CLOSE, bytes(24), 0) and writer.close()
    assert (ring.head + 1) * BLOCK <= MOST_BYTES, (ring.head + 1) * BLOCK
