"""The numbers of docs/format.md, as the host reads them: written from the document, not taken from the sleeve's code.

So the reader is a second opinion on what the sleeve writes, and files of every version stay readable whatever the
sleeve's own writer becomes.
"""

from __future__ import annotations

from typing import NamedTuple

BLOCK = 4096  # a flash erase unit
MAGIC = b"KSLV"
SYNC = 0xA5
RECORD_HEADER, RECORD_CRC = 8, 4
MOST_RECORDS = 338  # of 12 bytes, in the 4060 bytes of a block

META, CALIBRATION, RAW, STRIDE, EVENT, DROPOUT, CLOSE, STATE, TIME = range(1, 10)
TYPE_NAMES = ("", "META", "CALIBRATION", "RAW", "STRIDE", "EVENT", "DROPOUT", "CLOSE", "STATE", "TIME")

E_LEVEL, E_WINDOW = 10, 12
EVENT_NAMES = (
    "", "state", "button", "motor_on", "motor_off", "fault", "stood", "accepted", "refused", "buzz",
    "level", "storage", "window", "refreshed", "beat",
)  # fmt: skip
LEVELS = ("strides", "windows", "raw")
RAW_LEVEL = 2

# status bits of a session's first block; 0 = set
CLOSED, INTERRUPTED, VERIFIED, GIVEN_UP = 1, 2, 4, 8
STATUS_NAMES = {CLOSED: "closed", INTERRUPTED: "interrupted", VERIFIED: "verified", GIVEN_UP: "given_up"}

INTERRUPTED_CLOSE = 2  # a Ctrl-C, which may come at any place within a batch
CLOSE_REASONS = {1: "button", 2: "interrupted", 3: "fault", 4: "storage full"}
LOST_RAM, LOST_STORAGE = 3, 4  # causes of a DROPOUT after which the detector went on with samples that the record lacks
CHIPS = {0: "shank", 1: "thigh", 2: "both chips"}
# by format version: what the causes of a DROPOUT mean
CAUSES = {
    1: {1: "FIFO overrun", 2: "a burst broke off on the bus", 3: "storage"},
    2: {1: "FIFO overrun", 2: "a burst broke off on the bus", 3: "the recorder fell behind", 4: "storage"},
}


class Layout(NamedTuple):
    """What differs between versions. header: bytes of a block header; crc_at: where its CRC-32 stands in it.

    sequences: records are counted modulo this. checked: record headers have a CRC-8 of their own. types: known ones.
    """

    version: int
    header: int
    crc_at: int
    sequences: int
    checked: bool
    types: int


LAYOUTS = {1: Layout(1, 24, 20, 1 << 30, False, 7), 2: Layout(2, 36, 28, 1 << 24, True, 9)}
NEWEST = max(LAYOUTS)
