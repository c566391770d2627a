"""What only format 2 has: packed strides, sequences in block headers, header checks, status bits, STATE and TIME."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from block_writers import BLOCK, header2, record2
from hypothesis import example, given, settings
from hypothesis import strategies as st
from session_files import EVENT, META, STRIDE, TIME, SessionFile, run_session
from stride_bits import NULL, TABLE, pack_stride

from kneecore.stride import FIELD_COUNT, FIELD_NAMES
from kneesleeve.sessions.contents import Contents
from kneesleeve.sessions.losses import Loss
from kneesleeve.sessions.reader import contents_of
from kneesleeve.sessions.records import crc8
from kneesleeve.sessions.session import Close, State, Time
from kneesleeve.sessions.strides import BitTable

PATH = Path("a.sleeve")
WORD = st.integers(-(1 << 31), (1 << 31) - 1)


def read(made: SessionFile | bytes) -> Contents:
    return contents_of(PATH, made if isinstance(made, bytes) else made.data())


def new(**entries: Any) -> SessionFile:
    return SessionFile(version=2, **entries)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 0x40,)) + data[at + 1 :]


def events(n: int, **entries: Any) -> SessionFile:
    """META, then n events, one a batch: 24 bytes each, 169 to a block of their own."""
    made = new(**entries)
    made.out.next_block()
    for batch in range(1, n + 1):
        made.event(batch, 6, batch)
    return made


def one_loss(contents: Contents) -> Loss:
    (loss,) = contents.losses
    return loss


# strides


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(-3000, 3000) | WORD | st.just(NULL), min_size=FIELD_COUNT, max_size=FIELD_COUNT))
@example([NULL] * FIELD_COUNT)
@example([2047, -2047, 2048, 1, 0, -1, NULL] + [0] * (FIELD_COUNT - 7))
def test_packed_strides_come_back(values: list[int]) -> None:
    assert BitTable(TABLE).decode(pack_stride(values)) == tuple(values)


def test_a_field_relative_to_a_null_counts_from_zero() -> None:
    table = [["a", "", 8, None], ["b", "", 8, "a"]]
    assert _named(table, pack_stride([NULL, -3], table)) == {"a": NULL, "b": -3}


def test_the_all_ones_pattern_is_an_escape() -> None:
    """In 3 bits, zigzag 7 (the value -4) cannot be told from an escape, so it is one."""
    table = [["a", "", 3, None]]
    assert len(pack_stride([-4], table)) == 5 and _named(table, pack_stride([-4], table)) == {"a": -4}
    assert len(pack_stride([3], table)) == 1


def _named(table: list[Any], payload: bytes) -> dict[str, int]:
    """Fields of a small table, by way of two of our own names."""
    ours = {"a": "index", "b": "ic"}
    rows = [[ours[name], unit, bits, ours.get(relative)] for name, unit, bits, relative in table]
    values = dict(zip(FIELD_NAMES, BitTable(rows).decode(payload), strict=True))
    return {row[0]: values[ours[row[0]]] for row in table}


@pytest.mark.parametrize("change", [lambda p: p + b"\0", lambda p: p[:-1], lambda p: p[:-1] + b"\xff", lambda p: b""])
def test_a_stride_of_another_length_is_named_not_read(change: Any) -> None:
    made = new()
    made.record(STRIDE, change(pack_stride([7] * FIELD_COUNT)))
    made.close(9)
    found = read(made)
    assert found.strides == [] and "STRIDE" in one_loss(found).where


@pytest.mark.parametrize(
    "table",
    [
        [["a", "", 0, None]], [["a", "", 33, None]], [["a", "", True, None]], [["a", "", "8", None]],
        [["a", "", 8, "b"], ["b", "", 8, None]], [["a", "", 8, "a"]], [["a", "", 8, None]] * 2, [["a", "", 8]],
        "no table", {"a": 1}, [[["a"], "", 8, None]], [["a", "", 8, None]] * 65,
    ],
)  # fmt: skip
def test_a_field_table_that_cannot_be_is_named(table: Any) -> None:
    found = read(new(stride_fields=table))
    assert any("META" in loss.where for loss in found.losses)


# records and blocks


@given(st.binary(min_size=7, max_size=7))
def test_the_header_check_is_the_polynomials(head: bytes) -> None:
    assert crc8(record2(head[1], 0, b"") + head, 12) == _remainder(head)


def _remainder(head: bytes) -> int:
    """Long division of the bits by x^8 + x^2 + x + 1."""
    value = int.from_bytes(head, "big") << 8
    for bit in range(value.bit_length(), 8, -1):
        if value >> (bit - 1) & 1:
            value ^= 0x107 << (bit - 9)
    return value


def test_a_lost_block_is_counted_from_the_next_header() -> None:
    data = events(400).data()
    loss = one_loss(read(data[: 2 * BLOCK] + data[3 * BLOCK :]))
    assert (loss.block, loss.offset, loss.records) == (2, None, 169) and loss.what == "records 170-338 lost (169)"
    assert (loss.from_ms, loss.to_ms) == (169 * 20, 339 * 20)


def test_records_lost_at_the_end_of_a_block_are_counted_apart_from_the_next() -> None:
    data = events(400).data()
    last, first = 2 * BLOCK - 10, 2 * BLOCK + 40
    losses = read(flipped(flipped(data, last), first)).losses
    assert [(loss.block, loss.records) for loss in losses] == [(1, 1), (2, 1)]
    assert [(loss.from_ms, loss.to_ms) for loss in losses] == [(168 * 20, 171 * 20)] * 2


def test_at_the_end_nobody_knows_how_much_is_lost() -> None:
    data = events(400).data()
    loss = one_loss(read(flipped(data, 3 * BLOCK + 8)))
    assert (loss.block, loss.records, loss.to_ms) == (3, None, None) and loss.from_ms == 338 * 20


def test_damage_behind_the_close_costs_nothing() -> None:
    made = events(10)
    made.close(10)
    loss = one_loss(read(flipped(made.data(), -9)))
    assert loss.records == 0 and not loss.missing and loss.from_ms is None


def test_a_damaged_header_check_loses_one_record_and_no_other() -> None:
    found = read(flipped(events(100).data(), BLOCK + 36 + 24 * 50 + 7))
    assert [e.arg for e in found.events] == [*range(1, 51), *range(52, 101)]


def test_a_record_whose_header_check_fails_is_not_taken_though_its_crc_holds() -> None:
    record = bytearray(record2(EVENT, 0, struct.pack("<IHHi", 1, 6, 0, 1)))
    record[7] ^= 1
    record[-4:] = struct.pack("<I", zlib.crc32(record[:-4]))
    found = read((header2(7, 0) + record).ljust(BLOCK, b"\xff"))
    assert found.events == [] and found.losses[0].missing


def test_a_lost_raw_record_may_have_begun_before_the_stride_that_stands_ahead_of_it() -> None:
    """RAW of batches 11-30 is written after the stride of batch 20; its loss is a loss from batch 11 on."""
    made = new()
    for first, n in ((1, 10), (11, 20), (31, 5)):
        if first == 11:
            made.stride(batch=20)
        made.raws([(b, 20_000 * b, 1500, [], []) for b in range(first, first + n)])
    made.close(40)
    data = made.data()
    at = data.index(made.out.blocks[0][3])
    found = read(flipped(data, at + 12))
    assert (one_loss(found).from_ms, one_loss(found).to_ms) == (200, 620) and found.certain_batch == 10


def test_a_record_inside_a_damaged_one_is_not_taken() -> None:
    """A whole record in a payload, such as a pulled session inside a session: its sequence is not the block's."""
    made = events(3)
    made.record(200, record2(EVENT, 500, struct.pack("<IHHi", 4, 6, 0, 99)) * 3)
    made.event(5, 6, 5)
    found = read(flipped(made.data(), BLOCK + 36 + 3 * 24 + 4))
    assert [e.arg for e in found.events] == [1, 2, 3, 5] and one_loss(found).records == 1


def test_sequences_go_on_past_24_bits() -> None:
    made = new()
    for batch, sequence in enumerate((0x700000, 0xE00000, 0xFFFFFE), 1):
        made.out.sequence = sequence
        made.out.next_block()
        made.event(batch, 6)
    for batch in range(4, 9):
        made.event(batch, 6)
    found = read(made)
    assert [r.sequence for r in found.stream.records][3:] == [0xFFFFFE + i for i in range(6)]
    assert [loss.records for loss in found.losses] == [0x6FFFFF, 0x6FFFFF, 0x1FFFFD]


def test_a_block_of_another_sleeve_is_left_out_and_named() -> None:
    data, other = events(400).data(), events(400, device="cd34").data()
    loss = one_loss(read(data[: 2 * BLOCK] + other[2 * BLOCK : 3 * BLOCK] + data[3 * BLOCK :]))
    assert f"another sleeve, tag {zlib.crc32(b'cd34'):08x}" in loss.where and loss.records == 169


def test_the_session_of_a_file_is_that_of_most_of_its_blocks() -> None:
    data, other = events(400).data(), run_session(2, version=2, session_id=8).data()
    found = read(other + data[BLOCK:])
    assert found.stream.session_id == 7 and "of session 8" in found.losses[0].where


def test_blocks_out_of_order_are_read_in_order() -> None:
    data = events(400).data()
    found = read(data[: 2 * BLOCK] + data[3 * BLOCK :] + data[2 * BLOCK : 3 * BLOCK])
    assert [e.batch for e in found.events] == list(range(1, 401)) and "not in order" in one_loss(found).what


@pytest.mark.parametrize("blocks", [1, 3])
def test_rubbish_between_blocks_costs_no_record(blocks: int) -> None:
    data = events(400).data()
    found = read(data[:BLOCK] + b"rubbish!" * (512 * blocks) + data[BLOCK:])
    assert len(found.events) == 400 and {loss.records for loss in found.losses} == {0}


def test_of_two_copies_of_a_block_the_better_one_is_read() -> None:
    data = events(400).data()
    worse = flipped(data[BLOCK : 2 * BLOCK], 500)
    found = read(data[:BLOCK] + worse + data[BLOCK:])
    assert len(found.events) == 400 and "second time" in one_loss(found).where


def test_unknown_types_are_counted() -> None:
    made = new()
    for kind in (77, 0, 77):
        made.record(kind, b"?")
    assert dict(read(made).stream.unknown) == {77: 2, 0: 1}


def test_a_block_may_be_empty() -> None:
    made = events(3)
    made.out.next_block()
    assert read(made).losses == []


# what else it has


def test_state_time_and_close() -> None:
    made = new()
    made.state(12, b"state of the detector", kind=3)
    made.time(13, 99, 1_700_000_000_000)
    made.close(14, 4, thigh_ppm=-1200, shank_ppm=31_000)
    found = read(made)
    assert found.states == [State(12, 3, b"state of the detector")] and found.losses == []
    assert found.times == [Time(13, 99, 1_700_000_000_000)] and found.close == Close(14, 0, 0, 4, -1200, 31_000)


def test_times_of_windows_far_apart() -> None:
    """An hour between two windows: the clock has turned three times meanwhile."""
    made = new()
    made.raw(10)
    made.raw(180_000, ticks_us=180_000 * 20_000 + 7000)
    found = read(made)
    assert found.clock.ms([10, 180_000]).tolist() == [200, 3_600_007]


def test_a_first_window_behind_many_turns_of_the_clock() -> None:
    made = new()
    made.raw(180_000, ticks_us=180_000 * 20_000 - 9000)
    assert read(made).clock.ms([90_000, 180_000]) == pytest.approx([1_799_995.5, 3_599_991])


@pytest.mark.parametrize(
    "meta", [b"[" * 3900, b"[]", b"nonsense", b"\xff\xfe", b'{"a": 1e999, "params": [1]}', b'{"params": {"side": "x"}}']
)
def test_a_meta_of_any_content_is_survived(meta: bytes) -> None:
    made = new(meta=False)
    made.record(META, meta)
    made.raw(1)
    found = read(made)
    assert len(found.raw_run) == 1 and isinstance(found.params, dict)


@pytest.mark.parametrize("kind", range(1, 10))
def test_a_record_cut_short_is_named_not_read(kind: int) -> None:
    made = new(meta=kind != META)
    made.record(kind, b"\x01")
    assert any(loss.records == 1 and loss.block == 0 for loss in read(made).losses)


def test_a_batch_beyond_a_day_is_damage() -> None:
    made = new()
    made.record(TIME, struct.pack("<IIq", 1 << 31, 0, 0))
    made.event(1 << 30, 6)
    found = read(made)
    assert found.last_batch == 0 and len(found.losses) == 2 and not found.events


def test_meta_of_a_closed_session_says_its_level() -> None:
    assert json.loads(read(new(level="windows")).stream.records.payload(0))["level"] == "windows"


def test_status_bits_do_not_enter_the_check() -> None:
    made = events(5)
    made.out.status = 0xFFFFFFF0
    assert read(made).stream.header.status == 15


def test_a_header_by_hand() -> None:
    """The first block of session 7 of device ab12, byte by byte."""
    head = header2(7, 0)
    tag = struct.pack("<I", zlib.crc32(b"ab12")).hex()
    assert head[:28].hex() == "4b534c5602000024" + "07000000" + "00000000" * 3 + tag


def test_windows_are_certain_only_as_far_as_they_are_whole() -> None:
    """Between windows nothing is lost, but nothing can be recomputed either."""
    made = new(level="windows")
    for batch in (*range(100, 150), *range(300, 350)):
        made.raw(batch)
    made.close(400)
    assert read(made).certain_batch == 0 and read(made).losses == []


def test_when_raw_stops_certainty_stops() -> None:
    made = new()
    for batch in range(1, 51):
        made.raw(batch)
    made.event(50, 10, 1)
    made.stride(batch=70)
    made.close(90)
    assert read(made).certain_batch == 49
