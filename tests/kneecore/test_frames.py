"""Frames on the line: they come through whatever lies between them, and a damaged one is never taken for another."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore import frames
from kneecore.frames import FrameReader, FrameWriter

FORBIDDEN = {1, 2, 3, 4, 5, 0xC0, 0xF5}
Frame = tuple[int, int, bytes]


def wire(kind: int, sequence: int, payload: bytes) -> bytes:
    writer = FrameWriter(frames.MAX_TO_HOST)
    writer.body[frames.HEAD : frames.HEAD + len(payload)] = payload
    n = writer.build(kind, sequence, len(payload))
    return bytes(writer.wire[:n])


def read(data: bytes, max_payload: int = frames.MAX_TO_HOST) -> tuple[list[Frame], FrameReader]:
    reader = FrameReader(max_payload)
    found = []
    for byte in data:
        if reader.feed(byte):
            body = bytes(reader.body[frames.HEAD : frames.HEAD + reader.length])
            found.append((reader.kind, reader.sequence, body))
    return found, reader


BYTE = st.integers(0, 255)
PAYLOAD = st.binary(max_size=frames.MAX_TO_HOST) | st.lists(st.sampled_from(sorted(FORBIDDEN)), max_size=60).map(bytes)
FRAME = st.tuples(BYTE, BYTE, PAYLOAD)


@given(FRAME)
def test_round_trip_without_a_control_byte_on_the_wire(frame):
    data = wire(*frame)
    assert read(data)[0] == [frame]
    assert data[0] == frames.SYNC and not (FORBIDDEN - {frames.ESCAPE}) & set(data[1:])
    assert len(data) <= 2 * (frames.HEAD + len(frame[2]) + frames.CRC) + 1


def test_the_bytes_are_those_of_the_document():
    body = struct.pack("<HBB", 2, frames.PING, 3) + b"\x03\xc0"
    body += struct.pack("<I", zlib.crc32(body))
    escaped = b"".join(bytes((0xF5, b ^ 0x20)) if b in FORBIDDEN else bytes((b,)) for b in body)
    assert wire(frames.PING, 3, b"\x03\xc0") == b"\xc0" + escaped


TEXT = st.text(max_size=40).map(str.encode)  # console text in any language; UTF-8 has neither sync nor escape


@given(st.lists(st.tuples(TEXT, FRAME), min_size=1, max_size=4), TEXT)
def test_frames_between_console_text(parts, tail):
    data = b"".join(text + wire(*frame) for text, frame in parts) + tail
    assert read(data)[0] == [frame for _, frame in parts]


@given(st.binary(max_size=80), FRAME)
def test_garbage_before_a_frame_costs_at_most_itself(garbage, frame):
    found, _ = read(garbage + wire(*frame))
    assert found[-1:] == [frame]


def test_a_frame_that_was_cut_does_not_spoil_the_next():
    whole = wire(frames.DATA, 9, b"some payload \x01\x02")
    for cut in range(1, len(whole)):
        found, reader = read(whole[:cut] + whole)
        assert found == [(frames.DATA, 9, b"some payload \x01\x02")], f"cut after {cut} bytes"
        assert reader.bad == (cut > 1)


def test_a_flipped_bit_anywhere_never_gives_a_wrong_frame():
    frame = (frames.READ, 0xC1, struct.pack("<III", 3, 0xC0F50102, 65536))
    data = wire(*frame)
    for place in range(len(data)):
        for bit in range(8):
            damaged = data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]
            found, _ = read(damaged + wire(*frame))
            assert found == [frame], f"byte {place}, bit {bit}: {found}"


@settings(max_examples=200)
@given(FRAME, st.data())
def test_any_byte_changed_to_any_other_never_gives_a_wrong_frame(frame, data):
    sent = wire(*frame)
    place = data.draw(st.integers(0, len(sent) - 1))
    damaged = sent[:place] + bytes([data.draw(BYTE)]) + sent[place + 1 :]
    assert all(f == frame for f in read(damaged)[0])


def test_a_frame_that_is_too_long_is_dropped_and_counted():
    data = wire(frames.DATA, 1, bytes(56))
    found, reader = read(data + wire(frames.PING, 2, b""), frames.MAX_TO_DEVICE)
    assert found == [(frames.PING, 2, b"")] and reader.bad == 1
    assert read(wire(frames.DATA, 1, bytes(55)), frames.MAX_TO_DEVICE)[0] == [(frames.DATA, 1, bytes(55))]


@pytest.mark.parametrize("sequence", [0, 255, 256, 1000])
def test_sequence_wraps_at_a_byte(sequence):
    assert read(wire(frames.PING, sequence, b""))[0] == [(frames.PING, sequence & 255, b"")]
