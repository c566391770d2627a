"""Packs RAW records of format 2 with codec 0 (plain), straight from docs/format.md."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any


def plain_raw(batches: Sequence[tuple[int, int, int, list[Any], list[Any]]]) -> bytes:
    """batches: (number, ticks_us, mv, shank, thigh), numbers without a gap; a sample is 6 integers."""
    head = struct.pack("<IBBH", batches[0][0], len(batches), 0, 0)
    table = b"".join(struct.pack("<IhBB", ticks, mv, len(s), len(t)) for _, ticks, mv, s, t in batches)
    shank = b"".join(struct.pack("<6h", *row) for batch in batches for row in batch[3])
    return head + table + shank + b"".join(struct.pack("<6h", *row) for batch in batches for row in batch[4])
