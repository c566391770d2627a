"""A decoder of packed RAW records written from docs/format.md alone: bit by bit, in plain Python, nothing shared."""

from __future__ import annotations

from typing import NamedTuple

WEIGHTS = ((-12, -8, -4), (8, 0, 0), (28, -13, 0), (36, -30, 10))


class Book(NamedTuple):
    """A record's content, in lists."""

    batch: list[int]
    ticks_us: list[int]
    flex_mv: list[int]
    n_shank: list[int]
    n_thigh: list[int]
    shank: list[list[int]]
    thigh: list[list[int]]


class BadError(ValueError):
    """The payload is not as the document says."""


class Bits:
    """A string of bits, the lowest of each byte first."""

    def __init__(self, content: bytes) -> None:
        self._bits = [byte >> i & 1 for byte in content for i in range(8)]
        self.at = 0

    def one(self) -> int:
        if self.at >= len(self._bits):
            raise BadError("no bit left")
        self.at += 1
        return self._bits[self.at - 1]

    def quotient(self) -> int:
        n = 0
        while not self.one():
            n += 1
        return n

    def number(self, width: int) -> int:
        return sum(self.one() << i for i in range(width))

    def ended(self) -> bool:
        """All bytes were needed."""
        return (self.at + 7) // 8 * 8 == len(self._bits)


def signed16(value: int) -> int:
    return (value + 32768) % 65536 - 32768


def column(coding: int, first: int, quotients: list[int], rests: Bits) -> list[int]:
    """A column's values: the first one, then one for every quotient."""
    k, weights = coding & 15, WEIGHTS[coding >> 4]
    values, d = [first], [0, 0, 0]
    for quotient in quotients:
        u = (quotient << k) + rests.number(k)
        if u > 65535:
            raise BadError("beyond 16 bits")
        residual = u // 2 if u % 2 == 0 else -(u + 1) // 2
        predicted = (sum(w * x for w, x in zip(weights, d, strict=True)) + 8) >> 4
        d = [signed16(predicted + residual), *d[:2]]
        values.append(signed16(values[-1] + d[0]))
    return values


def read(p: bytes) -> Book:
    """A payload with codec 1. Raises BadError."""
    if not 60 <= len(p) <= 3984 or p[5] != 1 or not 1 <= p[4] <= 32:
        raise BadError("head")
    batch, n, middle, ticks = (int.from_bytes(p[a:b], "little") for a, b in ((0, 4), (4, 5), (6, 8), (8, 12)))
    coding = p[12:28]
    first = [signed16(int.from_bytes(p[28 + 2 * c : 30 + 2 * c], "little")) for c in range(16)]
    if ticks >= 1 << 30 or 60 + middle > len(p) or any(c & 15 > 14 or c >> 4 > 3 for c in coding):
        raise BadError("head")
    unary, rests = Bits(p[60 : 60 + middle]), Bits(p[60 + middle :])

    def read_column(c: int, length: int) -> list[int]:
        return column(coding[c], first[c], [unary.quotient() for _ in range(length - 1)], rests) if length else []

    step, mv, n_shank, n_thigh = (read_column(c, n) for c in range(4))
    if any(not 0 <= x <= 64 for x in n_shank + n_thigh) or max(sum(n_shank), sum(n_thigh)) > 256:
        raise BadError("batch table")
    chips = [[read_column(c, length) for c in columns] for columns, length in
             ((range(4, 10), sum(n_shank)), (range(10, 16), sum(n_thigh)))]  # fmt: skip
    if not (unary.ended() and rests.ended()) or any(unary.one() for _ in range(-unary.at % 8)):
        raise BadError("something behind the end")
    times = [ticks]
    for x in step[1:]:
        times.append((times[-1] + 20_000 + x) % (1 << 30))
    shank, thigh = ([list(row) for row in zip(*chip, strict=True)] for chip in chips)
    return Book(list(range(batch, batch + n)), times, mv, n_shank, n_thigh, shank, thigh)
