"""STRIDE records to integers: as 32-bit words (format 1) or as a string of bits by META's field table (format 2)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from kneecore import stride as st

NULL = st.NULL
MOST_FIELDS, MOST_BITS = 64, 32
Stride = tuple[int, ...]


class Field(NamedTuple):
    """relative: index of the earlier field that the value is counted from, or None."""

    name: str
    bits: int
    relative: int | None


class WordTable:
    """Format 1: `names` in order, an i32 each; without names, as many of our own as there are words."""

    def __init__(self, names: Any = ()) -> None:
        """Raises ValueError for what is no list of names."""
        listed = isinstance(names, list | tuple) and len(names) <= MOST_FIELDS
        if not listed or not all(isinstance(name, str) for name in names):
            raise ValueError("stride_fields are no list of names")
        self._names = names

    def decode(self, payload: bytes) -> Stride:
        """The stride in the order of `kneecore.stride.FIELD_NAMES`. Raises struct.error for a payload too short."""
        names = self._names or st.FIELD_NAMES[: len(payload) // 4]
        return _sorted(struct.unpack_from(f"<{len(names)}i", payload), _order(names))


class BitTable:
    """Format 2: rows of (name, unit, bits, name of the field it is relative to or None)."""

    def __init__(self, rows: Any) -> None:
        """Raises ValueError for a table that cannot be."""
        if not isinstance(rows, list | tuple) or not 0 < len(rows) <= MOST_FIELDS:
            raise ValueError("stride_fields are no field table")
        self.fields: list[Field] = []
        for row in rows:
            self.fields.append(_field(row, [field.name for field in self.fields]))
        self._order = _order([field.name for field in self.fields])

    def decode(self, payload: bytes) -> Stride:
        """The stride in the order of `kneecore.stride.FIELD_NAMES`.

        Raises ValueError where the payload is not exactly as long as its fields, or the bits left over are not 0.
        """
        string, left = int.from_bytes(payload, "little"), 8 * len(payload)
        values: list[int] = []
        for _, bits, relative in self.fields:
            ones = (1 << bits) - 1
            raw, string, left = string & ones, string >> bits, left - bits
            if raw == ones:
                word, string, left = string & 0xFFFFFFFF, string >> 32, left - 32
                values.append((word ^ 0x80000000) - 0x80000000)
                continue
            base = 0 if relative is None or values[relative] == NULL else values[relative]
            values.append(base + ((raw >> 1) ^ -(raw & 1)))
        if not 0 <= left < 8 or string:
            raise ValueError("its length does not fit the field table")
        return _sorted(values, self._order)


def default_table() -> BitTable:
    """The field table of this toolkit's own detector, for a session whose META is lost."""
    return BitTable(st.FIELDS)


def _field(row: Any, names: Sequence[str]) -> Field:
    if not isinstance(row, list | tuple) or len(row) != 4:
        raise ValueError("a row of stride_fields is not name, unit, bits, relative")
    name, _, bits, relative = row
    if not isinstance(name, str) or name in names:
        raise ValueError(f"stride_fields name {name!r} twice or not at all")
    if not isinstance(bits, int) or isinstance(bits, bool) or not 1 <= bits <= MOST_BITS:
        raise ValueError(f"stride field {name} has {bits!r} bits")
    if relative is not None and relative not in names:
        raise ValueError(f"stride field {name} is relative to {relative!r}, which is no earlier field")
    return Field(name, bits, None if relative is None else names.index(relative))


def _order(names: Sequence[str]) -> list[int | None] | None:
    """Where each of our fields stands in a file's, None if the two agree."""
    if tuple(names) == st.FIELD_NAMES:
        return None
    return [names.index(name) if name in names else None for name in st.FIELD_NAMES]


def _sorted(values: Sequence[int], order: list[int | None] | None) -> Stride:
    return tuple(values) if order is None else tuple(NULL if i is None else values[i] for i in order)
