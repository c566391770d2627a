"""Packed strides: every value comes back, small ones in few bits, all in 31-bit integers."""

from __future__ import annotations

from array import array

import pytest
from checked import Small
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kneecore.record_stride import StridePacker, _pack

NULL = -0x20000000
FIELDS = (
    ("index", "strides", 16, None), ("ic", "samples", 24, None), ("to", "samples", 9, "ic"),
    ("over", "bool", 2, None), ("a_mdeg", "mdeg", 17, None), ("b_mdeg", "mdeg", 14, "a_mdeg"),
    ("one", "code", 1, None), ("two", "code", 1, "b_mdeg"),
)  # fmt: skip
EDGES = [0, 1, -1, NULL, NULL + 1, 127, -128, (1 << 30) - 1, -(1 << 30), 1 << 24, -(1 << 24)]
VALUE = st.integers(-(1 << 30), (1 << 30) - 1) | st.integers(-300, 300) | st.sampled_from(EDGES)
VALUES = st.lists(VALUE, min_size=len(FIELDS), max_size=len(FIELDS))


def packed(values: list[int]) -> bytes:
    packer = StridePacker(FIELDS)
    out = bytearray(b"\x5a" * (3 + packer.most + 1))
    n = packer.pack(array("i", values), out, 3)
    assert n <= packer.most and out[:3] == b"\x5a" * 3 and set(out[3 + n :]) <= {0x5A}
    return bytes(out[3 : 3 + n])


def unpacked(data: bytes) -> list[int]:
    """By the text of docs/format.md."""
    rest, values = int.from_bytes(data, "little"), []
    names = [name for name, *_ in FIELDS]
    used = 0
    for _, _, bits, relative in FIELDS:
        ones = (1 << bits) - 1
        z, rest, used = rest & ones, rest >> bits, used + bits
        if z == ones:
            value, rest, used = rest & 0xFFFFFFFF, rest >> 32, used + 32
            value -= (value >> 31) << 32
        else:
            value = -(z + 1) // 2 if z & 1 else z // 2
            if relative:
                base = values[names.index(relative)]
                value += 0 if base == NULL else base
        values.append(value)
    assert rest == 0 and len(data) == (used + 7) // 8
    return values


@settings(max_examples=300, deadline=None)
@given(VALUES)
@example([NULL] * len(FIELDS))
@example([(1 << 30) - 1, -(1 << 30)] * (len(FIELDS) // 2))
def test_every_value_comes_back(values):
    assert unpacked(packed(values)) == values


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_no_intermediate_leaves_31_bits(values):
    table = [Small(x) for x in StridePacker(FIELDS)._table]
    out = bytearray(100)
    n = _pack([Small(v) for v in values], table, Small(len(FIELDS)), out, Small(0))  # type: ignore[arg-type]
    assert out[:n] == packed(values)


def test_the_largest_value_of_a_width_and_the_first_that_escapes():
    for to, escaped in ((255, 0), (256, 32), (-255, 0), (-256, 32)):  # 9 bits: zigzag below 511 fits
        values = [0, 0, to, 0, 0, 0, 0, 0]
        plain = sum(bits for *_, bits, _ in FIELDS)
        assert len(packed(values)) == (plain + escaped + 7) // 8, to
        assert unpacked(packed(values)) == values


@pytest.mark.parametrize("row", [("x", "", 0, None), ("x", "", 25, None), ("x", "", 8, "x"), ("x", "", 8, "later")])
def test_a_table_that_cannot_be_packed_is_refused(row):
    with pytest.raises(ValueError, match="cannot pack"):
        StridePacker((row, ("later", "", 8, None)))
