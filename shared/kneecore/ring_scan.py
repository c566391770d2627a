"""Boot: where the ring's newest and oldest blocks are, without reading them all (docs/format.md "The ring").

All that is used lies between two write counts, and the newest KEPT part of it is never erased: so probing at half that
distance meets it, and bisection does the rest. Up to 2 damaged neighbours may lie anywhere in it.
"""

from .compat import const
from .crc import Checker
from .records import CLOSE, room, size_at
from .ring_header import BLOCK, HEADER

_DAMAGED = const(2)  # neighbours without a readable header that are passed over
_CHUNK = const(512)


def kept(count):
    """Blocks at the newest end of a ring of `count` that are never erased, so that boot finds it and its write count."""
    return max(1, count // 32)


def newest(dev, header):
    """Write count of the newest block, -1 if the ring is empty."""
    step = max(1, kept(dev.count) // 2)
    best = -1
    for place in range(0, dev.count, step):
        if header.look(dev, place) and header.write_count > best:
            best = header.write_count
    for place in range(_DAMAGED + 1):  # a young ring with its first blocks damaged
        if best < 0 and header.look(dev, place):
            best = header.write_count
    if best < 0:
        return -1
    lo, hi = best, best + 2 * step + _DAMAGED + 1  # one of two neighbouring probes may have met a damaged block
    while hi - lo > 1:
        mid = (lo + hi) // 2
        if _any(dev, header, mid, 1):
            lo = mid
        else:
            hi = mid
    return lo


def oldest(dev, header, head):
    """Write count of the oldest block of a ring whose newest is `head` (0 or more)."""
    lo, hi = max(0, head - dev.count + 1) - 1, head
    while hi - lo > 1:
        mid = (lo + hi) // 2
        if _any(dev, header, mid, -1):
            hi = mid
        else:
            lo = mid
    return hi


def _any(dev, header, write_count, direction):
    """True if this block, or one of the next two in this direction, is there."""
    for i in range(_DAMAGED + 1):
        if header.find(dev, write_count + i * direction):
            return True
    return False


def ends_with_close(dev, place):
    """True if the last record of the block at `place` is a good CLOSE: its session was closed, whatever the status bit says."""
    chunk = bytearray(_CHUNK)
    base = -_CHUNK
    at, closed = HEADER, False
    while at + room(0) <= BLOCK:
        if at + room(16) > base + _CHUNK and base < BLOCK - _CHUNK:
            base = min(at, BLOCK - _CHUNK)
            dev.read(place, base, chunk)
        size = size_at(chunk, at - base)
        if not size or at + size > BLOCK:
            break
        # payload of a CLOSE: 6 words
        closed = chunk[at - base + 1] == CLOSE and _good(dev, place, at, size)
        at += size
    return closed


def _good(dev, place, at, size):
    record = bytearray(size)
    dev.read(place, at, record)
    return Checker().good(record, 0, size - 4)
