"""Packs a stride as docs/format.md says, with a string of "0" and "1": slow, and another way than the reader's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kneecore.stride import FIELD_NAMES

NULL = -0x20000000
_BITS = {"judged": 2, "over": 2, "index": 18, "ic": 22, "batch": 20, "cue_batch": 18}
_RELATIVE = {"to": "ic", "raw_collapse_mdeg": "collapse_mdeg", "threshold_mdeg": "baseline_mdeg", "batch": "cue_batch"}
TABLE = [[name, "unit", _BITS.get(name, 12), _RELATIVE.get(name)] for name in FIELD_NAMES]


def bits(value: int, width: int) -> str:
    """Two's complement or unsigned, the first bit first."""
    return format(value & ((1 << width) - 1), f"0{width}b")[::-1]


def pack_stride(values: Sequence[int], table: Sequence[Sequence[Any]] = tuple(TABLE)) -> bytes:
    by_name: dict[str, int] = {}
    text = ""
    for (name, _, width, relative), value in zip(table, values, strict=True):
        base = by_name[relative] if relative else 0
        difference = value - (0 if base == NULL else base)
        zigzag = 2 * difference if difference >= 0 else -2 * difference - 1
        fits = value != NULL and zigzag < (1 << width) - 1
        text += bits(zigzag, width) if fits else "1" * width + bits(value, 32)
        by_name[name] = value
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i : i + 8][::-1], 2) for i in range(0, len(text), 8))
