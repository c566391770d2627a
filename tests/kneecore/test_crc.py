"""The CRC of blocks, records and frames."""

from __future__ import annotations

import zlib

from hypothesis import given
from hypothesis import strategies as st

from kneecore.crc import Checker, put_crc


@given(st.binary(max_size=300), st.integers(0, 20))
def test_crc_is_the_one_of_zlib(data, start):
    start = min(start, len(data))
    buffer = bytearray(data) + bytearray(4)
    put_crc(buffer, start, len(data), buffer, len(data))
    assert buffer[-4:] == zlib.crc32(data[start:]).to_bytes(4, "little")
    assert Checker().good(buffer, start, len(data))
