"""Frames on the host's side: found in any stream, equal to what kneecore reads and writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecore import frames
from kneecore.frames import HEAD, FrameReader, FrameWriter
from kneesleeve.link.codec import Decoder, Frame, encode, unescape

PAYLOADS = st.binary(max_size=512)
TRICKY = st.lists(st.sampled_from([0, 1, 5, 0x21, 0x24, 0xC0, 0xD5, 0xE0, 0xF5]), max_size=64).map(bytes)


def from_device(kind: int, sequence: int, payload: bytes) -> bytes:
    writer = FrameWriter(frames.MAX_TO_HOST)
    writer.body[HEAD : HEAD + len(payload)] = payload
    return bytes(writer.wire[: writer.build(kind, sequence, len(payload))])


@given(st.one_of(PAYLOADS, TRICKY), st.integers(0, 255))
def test_a_device_frame_is_read_back(payload: bytes, sequence: int) -> None:
    assert Decoder().feed(from_device(frames.DATA, sequence, payload)) == [Frame(frames.DATA, sequence, payload)]


@given(st.lists(st.one_of(PAYLOADS, TRICKY), min_size=1, max_size=4), st.lists(st.integers(1, 600), max_size=8))
def test_the_stream_may_be_cut_anywhere(payloads: list[bytes], cuts: list[int]) -> None:
    wire = b"".join(from_device(frames.DATA, i, p) for i, p in enumerate(payloads))
    decoder, found, at = Decoder(), [], 0
    for cut in [*cuts, len(wire)]:
        found += decoder.feed(wire[at : at + cut])
        at += cut
    found += decoder.feed(wire[at:]) if at < len(wire) else []
    assert [f.payload for f in found] == payloads


def test_the_stream_may_come_byte_by_byte() -> None:
    wire = from_device(frames.DATA, 9, bytes(range(256)))
    decoder = Decoder()
    assert [f for b in wire for f in decoder.feed(bytes((b,)))] == [Frame(frames.DATA, 9, bytes(range(256)))]


@given(st.binary(max_size=55), st.integers(0, 255))
def test_the_device_reads_what_the_host_writes(payload: bytes, sequence: int) -> None:
    reader = FrameReader(frames.MAX_TO_DEVICE)
    done = [reader.feed(b) for b in encode(frames.READ, sequence, payload)]
    assert done[-1] and not any(done[:-1])
    assert (reader.kind, reader.sequence, bytes(reader.body[HEAD : HEAD + reader.length])) == (
        frames.READ, sequence, payload,
    )  # fmt: skip


def test_a_payload_that_the_device_cannot_take_is_refused() -> None:
    with pytest.raises(ValueError, match="55"):
        encode(frames.READ, 0, bytes(97))


@given(st.integers(1, 60), st.integers(0, 7))
def test_a_damaged_frame_loses_only_itself(at: int, bit: int) -> None:
    first, second = from_device(frames.DATA, 1, bytes(100)), from_device(frames.DATA, 2, b"good")
    damaged = bytearray(first)
    damaged[at] ^= 1 << bit
    assert Frame(frames.DATA, 2, b"good") in Decoder().feed(bytes(damaged) + second)


def test_a_damaged_frame_is_counted() -> None:
    wire = bytearray(from_device(frames.DATA, 1, b"hello"))
    wire[8] ^= 1
    decoder = Decoder()
    assert decoder.feed(bytes(wire)) == [] and decoder.bad == 1


def test_console_text_between_frames_is_dropped_and_remembered() -> None:
    text = "Traceback: grün\r\n".encode()
    wire = b"boot 1.29\r\n" + from_device(frames.PONG, 1, b"x") + text + from_device(frames.PONG, 2, b"y")
    decoder = Decoder()
    assert [f.payload for f in decoder.feed(wire)] == [b"x", b"y"]
    assert b"boot" in decoder.text and "grün".encode() in decoder.text


def test_a_length_no_frame_has_does_not_stall_the_stream() -> None:
    wire = b"\xc0\xff\xff\x90\x00" + b"x" * 600 + from_device(frames.PONG, 2, b"y")
    assert [f.payload for f in Decoder().feed(wire)] == [b"y"]


@given(st.binary(max_size=64))
def test_unescape_never_grows(segment: bytes) -> None:
    assert len(unescape(segment)) <= len(segment)
