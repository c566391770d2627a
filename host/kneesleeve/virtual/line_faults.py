"""Faults of the line by name, each the same for the same seed however the bytes are cut into pieces."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

RANDOM = ("link_loss", "link_duplicate", "link_flip")  # so many bytes in a million, anywhere
NEVER = 1 << 62
STOPS = ("link_stall", "link_cut")  # behind a certain byte


class LineFault:
    """What happens to bytes on their way; places are counted from `start` (bytes passed when the fault was set)."""

    def __init__(self, fault: Mapping[str, Any], start: int) -> None:
        self.name: str = fault["name"]
        self.stops = self.name in STOPS
        self.for_ms = int(fault.get("for_ms", 0))
        self.at_byte = start + int(fault.get("at_byte", 0))
        self._mean = 1e6 / fault["ppm"] if "ppm" in fault else 0.0
        self._random = random.Random(f"{self.name} {fault.get('seed', 0)}")
        self._next = self.at_byte - 1 if not self._mean else self._after(start)  # index of the next byte that is hit

    def apply(self, piece: bytes, before: int) -> bytes:
        """The bytes as they arrive; `before` bytes have gone before them."""
        if self.stops or self._next >= before + len(piece):
            return piece
        out, at = bytearray(), 0
        while at < len(piece) and self._next < before + len(piece):
            hit = max(at, self._next - before)
            out += piece[at:hit] + self._hit(piece[hit])
            at = hit + 1
            self._next = self._after(self._next + 1) if self._mean else NEVER
        return bytes(out + piece[at:])

    def _hit(self, byte: int) -> bytes:
        if self.name == "link_loss":
            return b""
        if self.name == "link_duplicate":
            return bytes((byte, byte))
        return bytes((byte ^ (1 << self._random.randrange(8) if self._mean else 0x10),))

    def _after(self, index: int) -> int:
        return index + int(self._random.expovariate(1.0) * self._mean)
