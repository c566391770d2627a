"""Boot finds the ring's ends in few reads, whatever its size and however it lies, past torn and damaged headers."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from kneecore.ring import Ring
from kneecore.ring_header import BLOCK, HEADER, Header, fill, template
from kneecore.ring_scan import kept, newest, oldest

SIZES = (12, 95, 128, 191, 255, 384, 447, 511, 1000, 2048, 3001, 4096)


class HeadersOnly:
    """A device of `count` blocks that hold nothing but headers; reads are counted."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.headers: dict[int, bytes] = {}
        self.reads = 0

    def read(self, block: int, offset: int, buf: bytearray) -> None:
        assert 0 <= block < self.count and offset + len(buf) <= BLOCK
        self.reads += 1
        content = (self.headers.get(block) or b"").ljust(BLOCK, b"\xff")
        buf[:] = content[offset : offset + len(buf)]

    def program(self, block: int, offset: int, buf: bytes, at: int, n: int) -> None:
        content = self.headers[block]
        self.headers[block] = content[:offset] + bytes(buf[at : at + n]) + content[offset + n :]


def ring_of(count: int, tail: int, head: int, rng: Random, longest: int = 40) -> HeadersOnly:
    """Sessions of random lengths that fill the write counts tail ... head; the last one is open."""
    dev = HeadersOnly(count)
    header = template(b"sleeve")
    session, number = 7, 0
    for w in range(tail, head + 1):
        if number and rng.random() < 1 / longest:
            session, number = session + 1, 0
        fill(header, session, number, w, 0)
        dev.headers[w % count] = bytes(header)
        number += 1
    return dev


def places(count: int, rng: Random):
    """(tail, head) of rings young and old, small and full."""
    least = kept(count)
    yield 0, 0
    yield 0, 1
    yield 0, least - 1
    yield 0, count - 1
    yield 5 * count, 6 * count - 1  # full, and it ends with the last place
    for _ in range(12):
        head = rng.randrange(least, 9 * count)
        most = min(count, head + 1)
        used = rng.choice((least, most, rng.randrange(least, most + 1)))
        yield head - used + 1, head


@pytest.mark.parametrize("count", SIZES)
def test_ends_are_found(count):
    rng = Random(count)
    for tail, head in places(count, rng):
        dev = ring_of(count, tail, head, rng)
        header = Header()
        assert newest(dev, header) == head, f"{tail} ... {head}"
        assert oldest(dev, header, head) == tail, f"{tail} ... {head}"
        if count >= 384:
            assert dev.reads <= 200, f"{dev.reads} reads"


@pytest.mark.parametrize("count", SIZES)
def test_torn_and_damaged_headers_are_passed_over(count):
    """One torn header ahead of the head, one behind the tail, two damaged neighbours anywhere between."""
    rng = Random(count)
    for tail, head in places(count, rng):
        dev = ring_of(count, tail, head, rng)
        for w in (head + 1, tail - 1 + count):
            if (w % count) not in dev.headers:
                dev.headers[w % count] = rng.randbytes(HEADER)
        damaged = rng.randrange(tail, head + 1)
        for w in (damaged, damaged + 1):
            if tail < w < head and head - tail > 4:
                content = bytearray(dev.headers[w % count])
                content[rng.randrange(32)] ^= 1 << rng.randrange(8)
                dev.headers[w % count] = bytes(content)
        header = Header()
        assert newest(dev, header) == head, f"{tail} ... {head}, damaged {damaged}"
        assert oldest(dev, header, head) == tail, f"{tail} ... {head}, damaged {damaged}"
        if count >= 384:
            assert dev.reads <= 200, f"{dev.reads} reads"


def test_an_empty_ring_and_one_full_of_rubbish():
    dev = HeadersOnly(384)
    assert newest(dev, Header()) == -1
    dev.headers = {place: bytes((place & 255,)) * HEADER for place in range(384)}
    assert newest(dev, Header()) == -1


def test_a_header_out_of_place_is_not_a_block_of_this_ring():
    dev = ring_of(12, 0, 3, Random(1))
    dev.headers[9] = dev.headers[3]
    header = Header()
    assert newest(dev, header) == 3 and not header.look(dev, 9)


def test_sessions_are_listed_with_two_reads_each():
    dev = ring_of(384, 1000, 1299, Random(2))
    ring = Ring(dev, b"sleeve")
    ring.boot()
    dev.reads = 0
    listed = list(ring.sessions())
    assert len(listed) > 4 and dev.reads <= 2 * len(listed)
    assert [s.number for s in listed] == list(range(listed[0].number, 6, -1))
    assert listed[0].last == 1299 and listed[-1].first == 1000
    for newer, older in pairwise(listed):
        assert older.last == newer.first - 1


def test_a_header_that_reads_wrongly_once_is_read_again():
    dev = ring_of(12, 0, 3, Random(1))
    good, read = dev.headers[2], dev.read

    def disturbed(block: int, offset: int, buf: bytearray) -> None:
        read(block, offset, buf)
        if block == 2 and dev.reads == 1:
            buf[10] ^= 4

    dev.read = disturbed  # type: ignore[method-assign]
    assert Header().look(dev, 2) and dev.reads == 2 and dev.headers[2] == good
