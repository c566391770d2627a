"""Blocks and records: what the writer packs the host's reader finds again, and damage never passes for data."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore import blocks
from kneecore.blocks import BlockWriter
from kneecore.crc import Checker, put_crc
from kneesleeve.errors import SessionError
from kneesleeve.sessions.reader import open_session
from kneesleeve.sessions.records import Record, record_at, scan

RECORDS = st.lists(
    st.tuples(st.integers(1, 255), st.binary(max_size=60) | st.integers(0, 4056).map(bytes)), min_size=1, max_size=60
)
ROOM = blocks.BLOCK - blocks.HEADER


def found_in(block: bytes | bytearray) -> list[Record]:
    """The records of a block that the host's reader finds."""
    return [part for part in scan(bytes(block), blocks.HEADER) if isinstance(part, Record)]


def written(records) -> list[bytes]:
    """The blocks that the writer hands over, copied: it reuses its buffer."""
    out: list[bytes] = []
    writer = BlockWriter(77, lambda block: out.append(bytes(block)))
    for kind, payload in records:
        writer.record(kind, payload)
    writer.flush()
    return out


@given(st.binary(max_size=300), st.integers(0, 20))
def test_crc_is_the_one_of_zlib(data, start):
    start = min(start, len(data))
    buffer = bytearray(data) + bytearray(4)
    put_crc(buffer, start, len(data), buffer, len(data))
    assert buffer[-4:] == zlib.crc32(data[start:]).to_bytes(4, "little")
    assert Checker().good(buffer, start, len(data))


@settings(max_examples=60, deadline=None)
@given(RECORDS)
def test_what_is_written_is_read(records):
    packed = written(records)
    assert {len(b) for b in packed} == {blocks.BLOCK}
    found = [record for block in packed for record in found_in(block)]
    assert [(r.kind, r.payload) for r in found] == records
    assert [r.sequence for r in found] == list(range(len(records)))


@settings(max_examples=40, deadline=None)
@given(RECORDS)
def test_no_record_crosses_a_block_and_headers_count(records):
    for number, block in enumerate(written(records)):
        header = struct.pack("<4sBBBBIII", b"KSLV", 1, 0, 0, 24, 77, number, 0)
        assert block[:20] == header and block[20:24] == zlib.crc32(header).to_bytes(4, "little")
        last = found_in(block)[-1]
        assert record_at(block, last.at) == last
        end = last.at + 12 + ((len(last.payload) + 3) & ~3)
        assert end <= blocks.BLOCK and block[end:] == b"\xff" * (blocks.BLOCK - end)


def test_a_record_that_just_fits_and_one_that_does_not():
    rest = ROOM - 12 - 12 - 100  # after a record of 100 bytes
    assert len(written([(1, bytes(100)), (2, bytes(rest))])) == 1
    assert len(written([(1, bytes(100)), (2, bytes(rest + 1))])) == 2
    with pytest.raises(ValueError, match="too long"):
        written([(1, bytes(ROOM - 11))])


def test_each_flipped_bit_of_a_record_loses_that_record_and_no_other():
    records = [(3, b"first"), (4, bytes(range(40))), (5, b"last one")]
    (block,) = written(records)
    first, middle, last = found_in(block)
    end = last.at
    for place in range(middle.at, end):
        for bit in range(8):
            damaged = bytearray(block)
            damaged[place] ^= 1 << bit
            assert found_in(damaged) == [first, last], f"byte {place - middle.at} of the record, bit {bit}"


def test_a_flipped_bit_in_a_header_is_noticed(tmp_path):
    (block,) = written([(blocks.META, b"{}")])
    for place in range(24):
        damaged = bytearray(block)
        damaged[place] ^= 0x10
        (tmp_path / "s.sleeve").write_bytes(damaged)
        try:
            assert open_session(tmp_path / "s.sleeve").losses, f"header byte {place}"
        except SessionError:
            pass


def test_an_uncommitted_record_is_overwritten_by_the_next():
    out: list[bytes] = []
    writer = BlockWriter(1, lambda block: out.append(bytes(block)))
    writer.begin(blocks.RAW, 200)  # ... and then a Ctrl-C came
    writer.record(blocks.CLOSE, bytes(16))
    writer.flush()
    assert [(r.kind, r.sequence) for r in found_in(out[0])] == [(blocks.CLOSE, 0)]


def test_flushing_nothing_writes_nothing():
    out: list[bytes] = []
    writer = BlockWriter(1, lambda block: out.append(bytes(block)))
    writer.flush()
    writer.record(1, b"x")
    writer.flush()
    writer.flush()
    assert len(out) == 1
