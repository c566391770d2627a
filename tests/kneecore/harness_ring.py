# type: ignore
# Runs under MicroPython: argv = [this, folder of kneecore, 1 to write under heap_lock]; under CPython as a module.
# Prints one JSON object: CRC-32 of the flash after each session, what was allocated while writing, CRC of the strides.
import binascii
import gc
import json
import sys
from array import array

MICROPYTHON = sys.implementation.name == "micropython"
if MICROPYTHON:
    sys.path.insert(0, sys.argv[1])
    import micropython

from kneecore import records as r
from kneecore.record_queue import RecordQueue
from kneecore.record_stride import StridePacker
from kneecore.ring import Ring
from kneecore.ring_writer import RingWriter

BLOCKS, BLOCK = 10, 4096
FIELDS = (
    ("index", "strides", 16, None),
    ("ic", "samples", 24, None),
    ("to", "samples", 9, "ic"),
    ("over", "bool", 2, None),
    ("a_mdeg", "mdeg", 17, None),
    ("b_mdeg", "mdeg", 14, "a_mdeg"),
    ("c", "code", 1, None),
)


class RamDevice:
    """Flash in RAM that only clears bits; `program` allocates nothing."""

    count = BLOCKS

    def __init__(self):
        self.data = bytearray(b"\xff" * (BLOCKS * BLOCK))
        self.operations = 0

    def read(self, block, offset, buf):
        start = block * BLOCK + offset
        buf[:] = self.data[start : start + len(buf)]

    def program(self, block, offset, buf, at, n):
        start = block * BLOCK + offset
        for i in range(n):
            self.data[start + i] &= buf[at + i]
        self.operations += 1

    def erase(self, block):
        self.data[block * BLOCK : (block + 1) * BLOCK] = b"\xff" * BLOCK
        self.operations += 1


class Noise:
    """Numbers that are the same everywhere; allocates nothing."""

    def __init__(self):
        self.state = 12345

    def below(self, n):
        self.state = (self.state * 1103 + 12347) % 0x7FFFF  # the product stays below 2^30
        return (self.state >> 4) % n


def write(queue, writer, noise, source, batches):
    """A run of so many batches: records of several types and sizes, written now and then, until the ring is full."""
    for batch in range(batches):
        kind = r.RAW if noise.below(3) else r.EVENT
        n = noise.below(900) if kind == r.RAW else 12
        at = queue.begin(kind, n)
        if at < 0:
            queue.overrun(batch, 4)
        else:
            queue.put(at, source, n)
            queue.commit(batch)
        if noise.below(40) == 0 or queue.due(batch):
            writer.write_some(4096)
        if writer.full:
            return


def session(ring, queue, writer, noise, source, lock):
    ring.prepare(6)
    if not writer.open(ring.next_session(3)):
        raise ValueError("no room")
    queue.record(r.META, b'{"format": 2}', 0)
    before = after = 0
    if MICROPYTHON:
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        if lock:
            micropython.heap_lock()
    write(queue, writer, noise, source, 300)
    if MICROPYTHON:
        if lock:
            micropython.heap_unlock()
        after = gc.mem_alloc()
        gc.enable()
    if not writer.flush():
        queue.drop()
    queue.record(r.CLOSE, bytes(24), 0)
    if not writer.close():
        raise ValueError("not closed")
    return after - before


def packed(lock):
    """CRC of strides packed from edges and noise."""
    packer, noise = StridePacker(FIELDS), Noise()
    out = bytearray(packer.most)
    edges = (0, 1, -1, -0x20000000, 0x1FFFFFFF, -0x1FFFFFFF, 0x7FFF, -0x8000, 8191, -8192, 255, 256)
    values = array("i", bytearray(4 * packer.count))
    check = 0
    for _ in range(400):
        for i in range(packer.count):
            values[i] = edges[noise.below(12)] if noise.below(3) == 0 else noise.below(60000) - 30000
        if lock:
            micropython.heap_lock()
        n = packer.pack(values, out, 0)
        if lock:
            micropython.heap_unlock()
        check = binascii.crc32(bytes(out[:n]), check)
    return check


def life(lock):
    dev = RamDevice()
    queue, noise = RecordQueue(4200), Noise()
    source = bytearray(1024)
    for i in range(1024):
        source[i] = noise.below(256)
    images, allocated = [], 0
    for _ in range(5):
        ring = Ring(dev, b"\x7c\x9e\xbd\x4a\x1e\x02")
        ring.boot()
        writer = RingWriter(ring, queue)
        allocated += session(ring, queue, writer, noise, source, lock)
        ring.mark_verified(ring.newest_session)
        images.append(binascii.crc32(dev.data))
    listed = [[s.number, s.first, s.last, s.flags] for s in ring.sessions()]
    return {
        "images": images,
        "allocated": allocated,
        "operations": dev.operations,
        "sessions": listed,
        "strides": packed(lock),
        "head": ring.head,
    }


if __name__ == "__main__":
    print(json.dumps(life(sys.argv[2] == "1")))
