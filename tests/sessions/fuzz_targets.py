"""What the fuzzer calls: bytes into the session reader and the frame decoder. Only a SessionError may come back."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

from block_writers import BLOCK, HEADERS

from kneesleeve.errors import SessionError
from kneesleeve.link.codec import Decoder, encode
from kneesleeve.services.doctor import diagnosis
from kneesleeve.services.verify import verify
from kneesleeve.sessions.api import Session
from kneesleeve.sessions.contents import Contents
from kneesleeve.sessions.reader import contents_of, recorded
from kneesleeve.sessions.records import crc8

AS_IS, VERSION_2, IN_SEQUENCE, EXAMINE = 1, 2, 4, 8  # bits of an input's first byte


def verify_session(data: bytes) -> None:
    """What `verify` makes of it: slow, so apart from the reader."""
    contents = read_session(data)
    if contents:
        json.dumps(verify(recorded(contents)).as_json())


def read_session(data: bytes) -> Contents | None:
    """The first byte chooses: the rest as it is, or with its checks made good, to reach what is behind them.

    None for what the reader refuses.
    """
    mode, content = data[:1], data[1:]
    flags = mode[0] if mode else AS_IS
    if not flags & AS_IS:
        content = repaired(content, 2 if flags & VERSION_2 else 1, in_sequence=bool(flags & IN_SEQUENCE))
    try:
        contents = contents_of(Path("fuzz.sleeve"), content)
    except SessionError as error:
        assert error.hint
        return None
    sequences = [record.sequence for record in contents.stream.records]
    assert sequences == sorted(set(sequences))
    assert all(1 <= s.first <= s.last <= contents.last_batch for s in contents.sections)
    assert contents.certain_batch <= contents.last_batch and len(contents.losses) <= 2100
    run = contents.raw_run
    assert (run.batch[1:] > run.batch[:-1]).all()
    assert len(run.shank) == run.n_shank.sum() and len(run.thigh) == run.n_thigh.sum()
    if flags & EXAMINE:
        diagnosis(Session(contents)).as_json()
    return contents


def repaired(data: bytes, version: int, *, in_sequence: bool) -> bytes:
    """The bytes as whole blocks of a session: magic, lengths, sequences and every check are made good."""
    out = bytearray(data.ljust(-(-len(data) // BLOCK) * BLOCK, b"\xff"))
    sequence = 0
    for number, start in enumerate(range(0, len(out), BLOCK)):
        out[start : start + 8] = b"KSLV" + bytes((version, out[start + 5], 0, HEADERS[version]))
        if in_sequence:
            struct.pack_into("<III", out, start + 8, 7, number, number)
            if version > 1:
                struct.pack_into("<II", out, start + 20, sequence, 0)
        check = start + HEADERS[version] - (4 if version == 1 else 8)
        struct.pack_into("<I", out, check, zlib.crc32(out[start:check]))
        sequence = _repair_records(out, start + HEADERS[version], start + BLOCK, version, sequence, in_sequence)
    return bytes(out)


def _repair_records(out: bytearray, at: int, end: int, version: int, sequence: int, in_sequence: bool) -> int:
    """Until a byte 0xFF stands where a record would begin. Returns the next sequence."""
    while at + 12 <= end and out[at] != 0xFF:
        out[at] = 0xA5
        n = min(out[at + 2] | (out[at + 3] & 15) << 8, end - at - 12) & ~3 | out[at + 2] & 3
        n = min(n, end - at - 12)
        struct.pack_into("<H", out, at + 2, n)
        if in_sequence:
            out[at + 4 : at + 7] = sequence.to_bytes(3, "little")
            out[at + 7] = 0
        if version > 1:
            out[at + 7] = crc8(out, at)
        check = at + 8 + ((n + 3) & ~3)
        struct.pack_into("<I", out, check, zlib.crc32(out[at:check]))
        at, sequence = check + 4, sequence + 1
    return sequence


def decode_frames(data: bytes) -> None:
    """The first byte is the size of the pieces the rest comes in; bit 7: the rest is also sent as good frames."""
    size = (data[0] & 0x7F) + 1 if data else 1
    wire = data[1:]
    if data and data[0] & 0x80:
        wire = b"".join(encode(0x90 | i & 15, i & 255, wire[i : i + 55]) for i in range(0, len(wire), 55)) + wire
    whole, pieces = Decoder(), Decoder()
    at_once = whole.feed(wire)
    one_by_one = [frame for i in range(0, len(wire), size) for frame in pieces.feed(wire[i : i + size])]
    assert one_by_one == at_once, "frames depend on how the bytes are cut"
    assert len(whole.text) <= 200 and len(whole._open) <= 2 * 1024


def read_only(data: bytes) -> None:
    """The reader alone."""
    read_session(data)


TARGETS = {"reader": read_only, "verify": verify_session, "frames": decode_frames}
