"""A Ctrl-C while a block is written: the next flush hands over the same block again, and nothing is lost or doubled."""

from __future__ import annotations

import pytest

from kneecore.blocks import BLOCK, EVENT, BlockWriter


@pytest.mark.parametrize("written_before", [False, True])
def test_an_interrupted_block_is_handed_over_again_in_its_place(written_before):
    stored: dict[int, bytes] = {}
    interrupts = [KeyboardInterrupt(), KeyboardInterrupt()]

    def sink(block: bytearray) -> None:
        number = int.from_bytes(block[12:16], "little")
        if written_before or not interrupts:
            stored[number] = bytes(block)
        if interrupts:
            raise interrupts.pop()

    writer = BlockWriter(7, sink)
    writer.record(EVENT, b"before")
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            writer.flush()
    writer.record(EVENT, b"after")
    writer.flush()
    writer.record(EVENT, b"next")
    writer.flush()
    assert sorted(stored) == [0, 1] and len(stored[0]) == BLOCK
    assert b"before" in stored[0] and b"after" in stored[0] and b"next" in stored[1]
