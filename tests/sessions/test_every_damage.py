"""Every prefix and every flipped bit of a session: nothing crashes, nothing hangs, no damaged record passes.

A sample of them here; all of them with SLEEVE_EVERY=1 in the environment (minutes).
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from session_files import SessionFile

from kneesleeve.errors import SessionError
from kneesleeve.services.doctor import Diagnosis, examine
from kneesleeve.services.recover import sessions_in
from kneesleeve.sessions.reader import contents_of

EVERY = os.environ.get("SLEEVE_EVERY") == "1"
SAMPLES = 60
LONGEST_S = 2.0  # one reading takes about a millisecond; a hang is not a slow machine
Records = set[tuple[int, int, bytes]]


@lru_cache
def whole(version: int) -> bytes:
    """Two blocks and a bit, a record of every type."""
    made = SessionFile(version=version)
    for batch in range(1, 66):
        made.raw(batch)
        if batch % 20 == 0:
            made.stride(index=batch, ic=4 * batch, to=4 * batch + 52, collapse_mdeg=-900, batch=batch)
            made.event(batch, 3, 120)
    made.calibration(65)
    made.dropout(65)
    if version > 1:
        made.state(65, bytes(range(200)))
        made.time(65, 1300, 1_700_000_000_000)
    made.record(99, b"from the future")
    made.close(65)
    return made.data()


def sample(n: int, seed: int) -> Iterator[int]:
    """All of range(n), or a fixed sample with both ends."""
    if EVERY or n <= SAMPLES:
        yield from range(n)
    else:
        yield from sorted({0, 1, n - 1, *random.Random(seed).sample(range(n), SAMPLES)})


@lru_cache
def good_records(version: int) -> Records:
    return records_of(whole(version))


def records_of(data: bytes) -> Records:
    return {(r.kind, r.sequence, r.payload) for r in contents_of(Path("x"), data).stream.records}


def survived(version: int, data: bytes, path: Path) -> Diagnosis:
    """Read, examine, recover; what is found was in the whole file, and what is not found is missed."""
    path.write_bytes(data)
    start = time.perf_counter()
    found = examine(path)
    assert time.perf_counter() - start < LONGEST_S
    try:
        records = records_of(data)
    except SessionError:
        assert found.state == "unusable" and found.error and found.hint
        records = set()
    assert records <= good_records(version)
    if found.state != "unusable" and records != good_records(version):
        assert found.exit_code == 3
        at_the_end = not found.closed
        assert at_the_end or sum(loss.records or 0 for loss in found.losses) >= len(good_records(version) - records)
    try:
        got_out = [records_of(one.data) for one in sessions_in(path, data)]
    except SessionError:
        got_out = [set()]
    assert records <= got_out[0] <= good_records(version) and len(got_out) == 1
    return found


@pytest.mark.parametrize("part", range(8))
def test_every_flipped_bit(version: int, part: int, path: Path) -> None:
    data = whole(version)
    n = len(data) // 8 + 1
    for place in sample(8 * n, seed=part) if EVERY else sample(n, seed=part):
        bit = place if EVERY else 8 * place + part
        if bit // 8 >= len(data) or (EVERY and bit % 8 != part):
            continue
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        survived(version, bytes(damaged), path)


def test_every_prefix(version: int, path: Path) -> None:
    data = whole(version)
    for length in sample(len(data), seed=9):
        found = survived(version, data[:length], path)
        assert found.exit_code == 4 or not found.closed or length > len(data) - 4096


def test_every_suffix(version: int, path: Path) -> None:
    data = whole(version)
    for start in sample(len(data), seed=10):
        survived(version, data[start:], path)


def test_rubbish_of_any_length(path: Path) -> None:
    chance = random.Random(11)
    for n in sample(9000, seed=12):
        path.write_bytes(chance.randbytes(n))
        assert examine(path).state == "unusable"


def test_runs_of_damage(version: int, path: Path) -> None:
    """As a torn program call leaves them: from some byte on, bits that should have been cleared are still set."""
    chance = random.Random(13)
    data = whole(version)
    for _ in range(SAMPLES * (10 if EVERY else 1)):
        start, n = chance.randrange(len(data)), chance.choice((4, 64, 1024, 5000))
        torn = bytes(b | c for b, c in zip(data[start : start + n], chance.randbytes(n)))
        survived(version, data[:start] + torn + data[start + n :], path)
