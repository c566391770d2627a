"""Packed RAW records of any bytes: nothing raises, hangs or takes more memory than it may, and nothing bad passes."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packing_by_the_book import BadError, read
from packing_streams import pack, plain, stream

from kneesleeve.sessions.packing import Unpacked, decode

CALM = settings(deadline=None, derandomize=True)


def agree(payloads: list[bytes]) -> int:
    """Every payload as the slow decoder has it, good or bad; returns how many are good."""
    got, good = decode(payloads), 0
    assert isinstance(got, Unpacked)
    shank = np.concatenate(([0], np.cumsum(got.n_shank)))
    for i, payload in enumerate(payloads):
        try:
            book = read(payload)
        except BadError:
            assert i in got.bad, f"payload {i} passed"
            continue
        good += 1
        assert i not in got.bad, f"payload {i}: {got.bad.get(i)}"
        rows = np.flatnonzero(got.record == i)
        assert got.batch[rows].tolist() == book.batch and got.ticks_us[rows].tolist() == book.ticks_us
        assert got.flex_mv[rows].tolist() == book.flex_mv and got.n_thigh[rows].tolist() == book.n_thigh
        assert got.shank[shank[rows[0]] : shank[rows[-1] + 1]].tolist() == book.shank
    return good


@pytest.fixture(scope="module")
def payload() -> bytes:
    """A short record."""
    return pack(stream(3, "swing", batches=4, most=6))[0]


def test_every_single_bit_flipped(payload):
    flipped = []
    for bit in range(8 * len(payload)):
        damaged = bytearray(payload)
        damaged[bit // 8] ^= 1 << bit % 8
        flipped.append(bytes(damaged))
    good = agree([*flipped, payload])
    assert 1 < good < len(flipped)  # a remainder's bit gives other samples: the record's CRC-32 is what tells


def test_every_length_but_the_right_one(payload):
    cut = [payload[:n] for n in range(len(payload))] + [payload + b"\0" * n for n in (1, 4, 2000, 5000)]
    assert agree([*cut, payload]) == 1


@settings(CALM, max_examples=150)
@given(st.binary(max_size=300), st.booleans())
def test_random_bytes(content, dressed):
    """Dressed: with a head that looks right, so that more of the checks are reached."""
    if dressed and len(content) > 70:
        coding = bytes(c & 0x37 for c in content[12:28])
        content = content[:4] + bytes((1 + content[4] % 3, 1, content[6] % 12, 0, 1, 2, 3, 0)) + coding + content[28:]
    agree([content])


@settings(CALM, max_examples=60)
@given(st.binary(max_size=120), st.integers(0, 40))
def test_random_bytes_as_plain_records(content, n):
    payload = bytearray(plain(stream(5, batches=4)))
    payload[5:6] = b"\0"
    payload[4] = n
    at = 8 + len(content) % 40
    payload[at : at + len(content)] = content
    decode([bytes(payload), bytes(content)])


@pytest.mark.parametrize("filler", [0x00, 0xFF, 0x55, 0x01])
def test_the_largest_payloads_are_bounded_in_time_and_memory(filler):
    """Two thousand of the worst: 12 values a bit where the fewest are allowed, or a string that is all stops."""
    n = 3984 - 60
    head = bytes((1, 0, 0, 0, 32, 1, n & 255, n >> 8, 0, 0, 0, 0)) + bytes(16)
    first = [0, 0, 8, 8] + [0] * 12
    prefix = head + b"".join(x.to_bytes(2, "little") for x in first)
    tracemalloc.start()
    start = time.perf_counter()
    decode([prefix + bytes([filler]) * n] * 2000)
    wall, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert wall < 20 and peak < 900e6


def crafted(
    batches: int,
    first: list[int],
    quotients: list[int],
    coding: dict[int, int] | None = None,
    behind: int = 0,
    rests: int = 0,
) -> bytes:
    """A record of these first values and quotients; k and predictor 0 unless `coding` says other, remainders 0."""
    bits = "".join("0" * q + "1" for q in quotients)
    unary = int(bits[::-1] or "0", 2).to_bytes((len(bits) + 7) // 8 + behind, "little")
    codes = bytearray(16)
    for column, code in (coding or {}).items():
        codes[column] = code
    firsts = b"".join((x & 0xFFFF).to_bytes(2, "little") for x in [*first, *[0] * (16 - len(first))])
    head = bytes((1, 0, 0, 0, batches, 1)) + len(unary).to_bytes(2, "little") + bytes(4)
    return head + bytes(codes) + firsts + unary + bytes(rests)


def still(batches: int, n_shank: int) -> bytes:
    """Batches of `n_shank` zeros each: every residual is 0, a single bit."""
    return crafted(batches, [0, 0, n_shank], [0] * (4 * (batches - 1) + 6 * max(batches * n_shank - 1, 0)))


def test_a_chip_may_have_64_samples_a_batch_and_256_a_record():
    assert agree([still(4, 64), still(32, 8), still(1, 0)]) == 3
    assert agree([still(5, 64), still(32, 9), still(1, 65), still(33, 1)]) == 0


def test_counts_below_0_are_bad():
    """Even where they add up to a number of samples that the strings have."""
    assert agree([crafted(2, [0, 0, 1], [0, 0, 1, 0])]) == 1  # 1 and 0 samples
    assert agree([crafted(2, [0, 0, -1], [0, 0, 4, 0])]) == 0  # -1 and 1 samples


def test_a_residual_beyond_16_bits_is_bad():
    """u = 3 << 14 and 4 << 14 in a column of the samples and in one of the table."""
    for column, quotients, batches, n_shank in ((4, [0] * 6, 1, 2), (1, [0, 0, 0, 0], 2, 0)):
        for q in (3, 4):
            changed = list(quotients)
            changed[column % 4] = q
            made = crafted(batches, [0, 0, n_shank], changed, {column: 14}, rests=2)
            assert agree([made]) == (q == 3)


@pytest.mark.parametrize("column", [0, 3, 4, 15])
def test_unknown_codings_are_bad_even_where_nothing_uses_them(column):
    assert [agree([crafted(1, [], [], {column: code})]) for code in (0x0E, 0x3E, 0x0F, 0x4E)] == [1, 1, 0, 0]


def test_bytes_behind_either_string_are_bad():
    assert [agree([crafted(2, [], [0, 0, 0, 0], behind=n)]) for n in (0, 1)] == [1, 0]
    assert [agree([crafted(2, [], [0, 0, 0, 0], rests=n)]) for n in (0, 1)] == [1, 0]


def test_a_record_cut_anywhere_is_bad_when_it_stands_alone(payload):
    """So nothing behind it can be read in its place."""
    assert [n for n in range(len(payload)) if not decode([payload[:n]]).bad] == []


def test_plain_records_that_are_not_as_specified():
    good = plain(stream(6, "swing", batches=3, most=6))
    many = plain(stream(6, "swing", batches=33, most=1))
    ticks = good[:8] + (1 << 30).to_bytes(4, "little") + good[12:]
    wrong = [good[:-1], good[:-12], good + b"\0", good + bytes(12), good[:9], many, ticks]
    wrong += [good[:4] + b"\0" + good[5:], good[:14] + b"\x41" + good[15:]]
    wrong += [plain(stream(6, "swing", batches=32, most=64))]  # longer than a block
    wrong += [bytes((1, 0, 0, 0, 1, 0, 0, 0)) + bytes(6) + b"\x41\0" + bytes(65 * 12)]
    got = decode([*wrong, good])
    assert sorted(got.bad) == list(range(len(wrong))) and len(got.batch) == 3
