"""Reads the logs the board keeps of its motor and LED (`Log` in board/vb_pins.py)."""

from __future__ import annotations

import struct

RECORD = struct.Struct("<qHH")  # µs since boot, value, 1 for a mark
ORIGIN = 0xFFFF


def last_motion(log: bytes) -> list[tuple[int, int]]:
    """(time in µs, value) since the last mark; counted from a motion's start, or from the boot before there was one."""
    changes: list[tuple[int, int]] = []
    base_us = 0
    usable = len(log) - len(log) % RECORD.size
    for t_us, value, mark in RECORD.iter_unpack(log[:usable]):
        if not mark:
            changes.append((t_us - base_us, value))
            continue
        changes = []
        base_us = t_us if value == ORIGIN else 0
    return changes
