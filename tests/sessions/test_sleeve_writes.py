"""What the sleeve's own code writes, the host reads: headers, records, strides, packed samples of kneecore."""

from __future__ import annotations

import json
from array import array
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from stride_bits import NULL, TABLE

from kneecore import record_stride, records, ring_header
from kneecore.stride import FIELD_COUNT
from kneesleeve.sessions import layout
from kneesleeve.sessions.blocks import read_header
from kneesleeve.sessions.reader import contents_of
from kneesleeve.sessions.strides import BitTable

RECORDS = st.lists(st.tuples(st.integers(2, 255), st.binary(max_size=80)), max_size=30)
SMALL = st.integers(-(1 << 30), (1 << 30) - 1)


def test_the_names_are_the_same_on_both_sides() -> None:
    assert layout.TYPE_NAMES == records.TYPE_NAMES and layout.EVENT_NAMES == records.EVENT_NAMES
    assert layout.LEVELS == records.LEVEL_NAMES and layout.SYNC == records.SYNC
    assert layout.LAYOUTS[2].header == ring_header.HEADER and layout.BLOCK == ring_header.BLOCK
    assert (layout.CLOSED, layout.INTERRUPTED, layout.VERIFIED, layout.GIVEN_UP) == (
        ring_header.CLOSED, ring_header.INTERRUPTED, ring_header.VERIFIED, ring_header.GIVEN_UP,
    )  # fmt: skip


@given(*[st.integers(0, (1 << 30) - 1)] * 4, st.binary(min_size=1, max_size=16))
def test_a_header_of_the_ring(session: int, number: int, count: int, sequence: int, device: bytes) -> None:
    block = ring_header.template(device)
    ring_header.fill(block, session, number, count, sequence)
    found = read_header(bytes(block))
    assert found.problem == "" and found.status == 0 and found.length == 36
    assert (found.session_id, found.number) == (session, number)
    assert (found.write_count, found.first_sequence) == (count, sequence)


@settings(max_examples=50, deadline=None)
@given(RECORDS, st.integers(0, 0xFFFFF0) | st.just(0xFFFFF0))
def test_sealed_records(written: list[tuple[int, bytes]], first: int) -> None:
    block = bytearray(b"\xff" * ring_header.BLOCK)
    head = ring_header.template(b"ab12")
    ring_header.fill(head, 7, 0, 0, first)
    block[: len(head)] = head
    at = len(head)
    for i, (kind, payload) in enumerate(written):
        block[at + 8 : at + 8 + len(payload)] = payload
        records.seal(block, at, kind, len(payload), first + i)
        at += records.room(len(payload))
    found = contents_of(Path("x"), bytes(block)).stream
    assert [(r.kind, r.payload, r.sequence) for r in found.records] == [
        (kind, payload, first + i) for i, (kind, payload) in enumerate(written)
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-2000, 2000) | SMALL | st.just(NULL), min_size=FIELD_COUNT, max_size=FIELD_COUNT))
def test_packed_strides(values: list[int]) -> None:
    packer = record_stride.StridePacker(TABLE)
    out = bytearray(packer.most)
    n = packer.pack(array("i", values), out, 0)
    assert BitTable(json.loads(json.dumps(TABLE))).decode(bytes(out[:n])) == tuple(values)
