"""Records of format 2 as docs/format.md describes them: header, its check, padding, CRC-32."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecore import records as r


def crc8(data: bytes) -> int:
    """Polynomial 0x07, start 0, by long division."""
    value = int.from_bytes(data, "big") << 8
    for bit in range(8 * len(data) - 1, -1, -1):
        if value >> (bit + 8) & 1:
            value ^= 0x107 << bit
    return value


def by_the_book(kind: int, payload: bytes, sequence: int) -> bytes:
    head = struct.pack("<BBH", 0xA5, kind, len(payload)) + sequence.to_bytes(3, "little")
    body = head + bytes((crc8(head),)) + payload + b"\xff" * (-len(payload) % 4)
    return body + zlib.crc32(body).to_bytes(4, "little")


@given(st.integers(1, 255), st.binary(max_size=300), st.integers(0, 0xFFFFFF), st.integers(0, 9))
def test_a_sealed_record_is_the_one_of_the_document(kind, payload, sequence, place):
    at = 4 * place
    buf = bytearray(b"\x11" * (at + 320))
    buf[at + 8 : at + 8 + len(payload)] = payload
    r.seal(buf, at, kind, len(payload), sequence)
    expected = by_the_book(kind, payload, sequence)
    assert buf[at : at + len(expected)] == expected
    assert r.room(len(payload)) == r.size_at(buf, at) == len(expected)
    assert buf[:at] == b"\x11" * at and set(buf[at + len(expected) :]) <= {0x11}


def test_crc8_is_the_known_one():
    assert r.crc8(b"123456789", 0, 9) == crc8(b"123456789") == 0xF4
    assert r.crc8(b"..123456789", 2, 9) == 0xF4


def test_each_flipped_bit_of_a_header_is_noticed():
    buf = bytearray(by_the_book(r.EVENT, bytes(12), 77))
    for bit in range(64):
        buf[bit // 8] ^= 1 << bit % 8
        assert r.size_at(buf, 0) == 0, f"bit {bit}"
        buf[bit // 8] ^= 1 << bit % 8
    assert r.size_at(buf, 0) == 24


@given(st.integers(-(1 << 30), (1 << 30) - 1))
def test_four_bytes(value):
    buf = bytearray(6)
    r.put_u32(buf, 1, value)
    assert buf == b"\0" + struct.pack("<i", value) + b"\0"


@pytest.mark.parametrize(
    ("kind", "most"), [(r.META, 3984), (r.STATE, 3984), (r.RAW, 1764), (r.STRIDE, 1024), (r.CLOSE, 1024)]
)
def test_the_longest_records_fit_a_block(kind, most):
    assert r.most(kind) == most and r.room(most) <= 4096 - 36


def test_every_code_has_a_name_and_every_name_a_code():
    events = sorted(value for name, value in vars(r).items() if name.startswith("E_"))
    assert events == list(range(1, len(r.EVENT_NAMES))) and r.EVENT_NAMES[r.E_WINDOW] == "window"
    assert [r.TYPE_NAMES[k] for k in (r.META, r.RAW, r.CLOSE, r.STATE)] == ["META", "RAW", "CLOSE", "STATE"]
    assert len(r.TYPE_NAMES) == r.TIME + 1 and r.LEVEL_NAMES[r.LEVEL_RAW] == "raw"
