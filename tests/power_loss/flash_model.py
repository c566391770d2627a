"""NOR flash as it really is: bits are only cleared until a whole block is erased, and power may go in the middle.

`NorFlash` refuses what a chip would do wrongly in silence: a bit from 0 to 1, a byte programmed twice, a byte
programmed after a cut left it in doubt. A cut is a copy: `after_cut` gives the flash as it is found at the next boot,
with the one operation in flight done in part.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

BLOCK = 4096
STATUS = range(32, 36)  # bits of these four bytes may be cleared one after the other
HEADER, OPENING = 36, 32

PROGRAM_OUTCOMES = ("none", "all", "prefix", "bits1", "bits2", "bits3")
ERASE_OUTCOMES = ("none", "all", "front", "back", "bits1", "bits2", "bits3")


class NorError(AssertionError):
    """The firmware asked for something that NOR flash cannot do."""


class Operation(NamedTuple):
    """One program (data) or erase (data is None) of a block; number counts from 0."""

    number: int
    block: int
    offset: int
    data: bytes | None

    @property
    def outcomes(self) -> tuple[str, ...]:
        return ERASE_OUTCOMES if self.data is None else PROGRAM_OUTCOMES

    @property
    def kills(self) -> bool:
        """Destroys a block's header, as the ring does before an erase."""
        return self.data == bytes(OPENING) and self.offset == 0


class NorFlash:
    """Blocks of 4096 bytes. `watch(operation)` is called before each operation changes anything."""

    def __init__(self, count: int, image: bytes | None = None) -> None:
        self.count = count
        self.data = bytearray(image or b"\xff" * (count * BLOCK))
        self.used = bytearray(len(self.data))  # 1: programmed since the last erase, or left in doubt by a cut
        if image:
            self.used[:] = bytes(byte != 0xFF for byte in image)
        self.operations = self.reads = 0
        self.watch: Callable[[Operation], None] | None = None

    def read(self, block: int, offset: int, buf: bytearray) -> None:
        self._inside(block, offset, len(buf))
        self.reads += 1
        start = block * BLOCK + offset
        buf[:] = self.data[start : start + len(buf)]

    def program(self, block: int, offset: int, buf: bytes | bytearray, at: int, n: int) -> None:
        self._inside(block, offset, n)
        if n <= 0 or n % 4 or offset % 4 or at + n > len(buf):
            raise NorError(f"program of {n} bytes at {offset}")
        data = bytes(buf[at : at + n])
        operation = Operation(self.operations, block, offset, data)
        self._check(operation, data)
        self._announce(operation)
        start = block * BLOCK + offset
        self.data[start : start + n] = data
        self.used[start : start + n] = b"\1" * n

    def erase(self, block: int) -> None:
        self._inside(block, 0, BLOCK)
        self._announce(Operation(self.operations, block, 0, None))
        start = block * BLOCK
        self.data[start : start + BLOCK] = b"\xff" * BLOCK
        self.used[start : start + BLOCK] = bytes(BLOCK)

    def after_cut(self, operation: Operation, outcome: str, seed: str) -> NorFlash:
        """This flash at the next boot when power went in the middle of `operation`, before it returned."""
        found = NorFlash(self.count)
        found.data[:] = self.data
        found.used[:] = self.used
        start = operation.block * BLOCK + operation.offset
        n = BLOCK if operation.data is None else len(operation.data)
        old = bytes(self.data[start : start + n])
        new = b"\xff" * n if operation.data is None else operation.data
        found.data[start : start + n] = torn(old, new, outcome, Random(f"{seed}:{operation.number}:{outcome}"))
        found.used[start : start + n] = b"\1" * n
        return found

    def _announce(self, operation: Operation) -> None:
        if self.watch:
            self.watch(operation)
        self.operations += 1

    def _inside(self, block: int, offset: int, n: int) -> None:
        if not (0 <= block < self.count and offset >= 0 and offset + n <= BLOCK):
            raise NorError(f"block {block}, {n} bytes at {offset}")

    def _check(self, operation: Operation, data: bytes) -> None:
        start = operation.block * BLOCK + operation.offset
        old = self.data[start : start + len(data)]
        where = f"block {operation.block}, {len(data)} bytes at {operation.offset}"
        if any(new & ~was for was, new in zip(old, data, strict=True)):
            raise NorError(f"{where}: a bit from 0 to 1")
        if operation.offset in STATUS or operation.kills:
            return
        if any(self.used[start : start + len(data)]):
            raise NorError(f"{where}: programmed twice, or after a cut")


def torn(old: bytes, new: bytes, outcome: str, rng: Random) -> bytes:
    """What is left of an operation that was to turn `old` into `new`."""
    if outcome in ("none", "all"):
        return old if outcome == "none" else new
    n = len(old)
    if outcome in ("prefix", "front", "back"):
        k = rng.choice((rng.randrange(n + 1), rng.choice((8, 20, 28, 32, 36)))) if n > HEADER else rng.randrange(n + 1)
        return old[:k] + new[k:] if outcome == "back" else new[:k] + old[k:]
    share = rng.choice((0.03, 0.5, 0.97))  # of the bits that change
    change = bytes(a ^ b for a, b in zip(old, new, strict=True))
    done = int.from_bytes(change, "little") & _bits(rng, 8 * n, share)
    return (int.from_bytes(old, "little") ^ done).to_bytes(n, "little")


def _bits(rng: Random, count: int, share: float) -> int:
    """A number in which about this share of `count` bits is set."""
    if share == 0.5:
        return rng.getrandbits(count)
    few = 0
    for _ in range(max(1, round(0.03 * count))):
        few |= 1 << rng.randrange(count)
    return few if share < 0.5 else ((1 << count) - 1) & ~few
