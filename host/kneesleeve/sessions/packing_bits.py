"""The two strings of bits of packed RAW records to residuals, and residuals to values: many records at once.

Shapes: R records, C columns, T values of the longest column. Nothing here walks along bits: the stop bits of all
records are found in one go, remainders have fixed places, and a predictor's recursion runs for all columns at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
PREDICTORS = np.array([[-12, -8, -4], [8, 0, 0], [28, -13, 0], [36, -30, 10]], dtype=np.int32)  # 16ths of d1, d2, d3
MAX_RESIDUAL = 0xFFFF


class Quotients(NamedTuple):
    """All quotients of all records; record r has `count[r]` of them, from `first[r]` on, in `bytes[r]` bytes."""

    values: Ints
    first: Ints
    count: Ints
    bytes: Ints


def quotients(strings: Sequence[bytes]) -> Quotients:
    """Every quotient is a run of 0 bits that a 1 ends; 0 bits behind the last 1 are nothing."""
    ends = np.cumsum([0, *map(len, strings)], dtype=np.int64) * 8
    bits = np.unpackbits(np.frombuffer(b"".join(strings), dtype=np.uint8), bitorder="little")
    stops = np.flatnonzero(bits).astype(np.int64)
    bounds = np.searchsorted(stops, ends)
    count = np.diff(bounds)
    there = count > 0
    first, last = bounds[:-1][there], bounds[1:][there] - 1
    value = np.diff(stops, prepend=-1) - 1
    value[first] = stops[first] - ends[:-1][there]
    used = np.zeros(len(strings), dtype=np.int64)
    used[there] = ((stops[last] - ends[:-1][there]) >> 3) + 1
    return Quotients(value, bounds[:-1], count, used)


class Rests:
    """The strings of remainders, joined."""

    def __init__(self, strings: Sequence[bytes]) -> None:
        self._start = np.cumsum([0, *map(len, strings)], dtype=np.int64)[:-1] * 8
        joined = np.frombuffer(b"".join(strings) + b"\0\0\0", dtype=np.uint8).astype(np.int32)
        self._words = joined[:-2] | joined[1:-1] << 8 | joined[2:] << 16  # 14 bits from any bit of the first byte on

    def read(self, records: Ints, skip: Ints, k: Ints, counts: Ints) -> Ints:
        """Remainders of `records` [R]: per column (`k`, `counts` [R, C]) so many of k bits, behind `skip` [R] bits.

        The caller has checked that the strings are long enough.
        """
        widths = np.repeat(k.ravel(), counts.ravel())
        at = np.cumsum(widths) - widths
        per_record = (k * counts).sum(axis=1)
        base = self._start[records] + skip - (np.cumsum(per_record) - per_record)
        at += np.repeat(base, counts.sum(axis=1))
        return (self._words[at >> 3] >> (at & 7)) & ((1 << widths) - 1)


def spans(first: Ints, count: Ints) -> Ints:
    """first[0], first[0] + 1, ... (count[0] of them), then those from first[1] on, and so on."""
    ends = np.cumsum(count)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - count), count)


def values(residuals: Ints, counts: Ints, predictor: Ints, first: NDArray[np.int16]) -> NDArray[np.int16]:
    """int16 [T, R, C]: the columns' values, the first one given; rows behind a column's end are without meaning.

    residuals: 0 ... 65535 by record, column, time; counts (of them, a column), predictor (0 ... 3), first: [R, C].
    """
    steps = int(counts.max(initial=0))
    placed = np.zeros((*counts.shape, steps), dtype=np.uint16)
    placed[np.arange(steps) < counts[:, :, None]] = residuals
    signed = ((placed >> 1) ^ -(placed & 1)).view(np.int16)  # zigzag: 0, -1, 1, -2, ...
    by_time = np.ascontiguousarray(signed.transpose(2, 0, 1))
    a, b, c = (PREDICTORS[predictor, i] for i in range(3))
    out = np.empty((steps + 1, *counts.shape), dtype=np.int16)
    out[0] = first
    d1 = d2 = d3 = np.zeros(counts.shape, dtype=np.int32)
    for t in range(steps):
        step = (by_time[t] + ((a * d1 + b * d2 + c * d3 + 8) >> 4)).astype(np.int16)  # wraps, as on the sleeve
        np.add(out[t], step, out=out[t + 1])
        d1, d2, d3 = step.astype(np.int32), d1, d2
    return out
