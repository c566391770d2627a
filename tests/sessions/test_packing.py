"""Packed RAW records: the fast decoder, a slow one written from the document, and the document's example agree."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from packing_by_the_book import read
from packing_streams import KINDS, difference, pack, plain, stream

from kneesleeve.sessions.packing import Unpacked, decode

FORMAT = Path(__file__).resolve().parents[2] / "docs" / "format.md"


def booked(payload: bytes) -> dict[str, list]:
    return read(payload)._asdict()


def content(got: Unpacked) -> dict[str, list]:
    return {name: values.tolist() for name, values in got._asdict().items() if name not in ("record", "bad")}


@pytest.mark.parametrize("kind", KINDS)
def test_the_decoder_agrees_with_one_written_from_the_document(kind):
    payloads = pack(stream(7, kind, batches=40, most=9, gaps=0.1))
    assert len(payloads) > 1
    for payload in payloads:
        assert content(decode([payload])) == booked(payload)


def test_many_records_at_once_are_each_of_them():
    """More than a chunk, and of all lengths."""
    streams = [stream(seed, KINDS[seed % len(KINDS)], batches=6, most=40, gaps=0.3) for seed in range(170)]
    payloads = [pack(s) for s in streams]
    got = decode([p for ps in payloads for p in ps])
    assert len(got.record) == 1020 and got.record.max() > 512
    assert difference([b for s in streams for b in s], got) == ""
    assert got.record.tolist() == np.repeat(np.arange(got.record.max() + 1), np.bincount(got.record)).tolist()


def test_types_and_shapes_without_any_record():
    got = decode([])
    assert [len(a) for a in got[:-1]] == [0] * 8 and got.bad == {}
    assert got.shank.shape == got.thigh.shape == (0, 6) and got.shank.dtype == np.int16


def test_plain_records_stand_among_packed_ones():
    first, second, third = (stream(seed, batches=8) for seed in (1, 2, 3))
    a, c = pack(first), pack(third)
    got = decode([*a, plain(second), *c])
    assert difference(first + second + third, got) == ""
    assert got.record.max() == len(a) + len(c)
    assert difference(second + second, decode([plain(second), plain(second)])) == ""


def test_a_bad_record_is_left_out_and_named():
    good = stream(4, batches=8)
    payload, *_ = pack(good)
    short, odd = plain(good)[:-1], payload[:5] + b"\x07" + payload[6:]
    got = decode([b"", payload, short, odd, payload])
    assert sorted(got.bad) == [0, 2, 3] and all(got.bad.values())
    assert set(got.record.tolist()) == {1, 4}


def test_the_example_of_the_document():
    section = FORMAT.read_text().split("\n## Packing", 1)[1]
    dump = re.findall(r"^((?:[0-9a-f]{2} )+) ", section, re.MULTILINE)
    payload = bytes.fromhex("".join(dump))
    got = decode([payload])
    assert not got.bad and content(got) == booked(payload)
    assert got.batch.tolist() == [7, 8] and got.ticks_us.tolist() == [140_000, 160_012]
    assert got.shank.tolist() == table(section, "| shank |") and got.thigh.tolist() == table(section, "| thigh |")


def table(text: str, head: str) -> list[list[int]]:
    """The numbers of the table with this head, without its first column."""
    lines = text.split(head, 1)[1].splitlines()[2:]
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines)
    return [[int(cell.replace("−", "-")) for cell in row.strip("| ").split("|")[1:]] for row in rows]
