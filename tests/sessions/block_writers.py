"""Writes blocks of both format versions, straight from docs/format.md: shares no line with kneecore or the reader."""

from __future__ import annotations

import struct
import zlib

BLOCK = 4096
HEADERS = {1: 24, 2: 36}


def crc8(data: bytes) -> int:
    """Bit by bit: polynomial x^8 + x^2 + x + 1, start 0, most significant bit first."""
    register = 0
    for bit in (byte >> (7 - i) & 1 for byte in data for i in range(8)):
        top = register >> 7
        register = (register << 1 & 0xFF) ^ (0x07 if top ^ bit else 0)
    return register


def padded(payload: bytes) -> bytes:
    return payload + b"\xff" * (-len(payload) % 4)


def record1(kind: int, sequence: int, payload: bytes) -> bytes:
    body = struct.pack("<BBHI", 0xA5, kind, len(payload), sequence) + padded(payload)
    return body + struct.pack("<I", zlib.crc32(body))


def record2(kind: int, sequence: int, payload: bytes) -> bytes:
    head = struct.pack("<BBH", 0xA5, kind, len(payload)) + (sequence & 0xFFFFFF).to_bytes(3, "little")
    body = head + bytes((crc8(head),)) + padded(payload)
    return body + struct.pack("<I", zlib.crc32(body))


def header1(session: int, number: int, **changed: int) -> bytes:
    """changed: version, compat, incompat, length."""
    v = {"version": 1, "compat": 0, "incompat": 0, "length": 24} | changed
    head = b"KSLV" + bytes((v["version"], v["compat"], v["incompat"], v["length"]))
    head += struct.pack("<III", session, number, 0)
    return head + struct.pack("<I", zlib.crc32(head))


def header2(
    session: int, number: int, *, write_count: int = 0, sequence: int = 0, device: str = "ab12",
    status: int = 0xFFFFFFFF, **changed: int,
) -> bytes:  # fmt: skip
    v = {"version": 2, "compat": 0, "incompat": 0, "length": 36} | changed
    head = b"KSLV" + bytes((v["version"], v["compat"], v["incompat"], v["length"]))
    head += struct.pack("<IIIII", session, number, write_count, sequence, zlib.crc32(device.encode(errors="replace")))
    return head + struct.pack("<II", zlib.crc32(head), status)


class BlockFile:
    """The blocks of a session. first_write: write count of its first block. header: bytes to change in all headers."""

    def __init__(self, version: int, session: int, device: str = "ab12", first_write: int = 0, **header: int) -> None:
        self.version, self.session, self.device, self.first_write = version, session, device, first_write
        self.header = header
        self.status = 0xFFFFFFFF
        self.sequence = 0
        self.blocks: list[list[bytes]] = []
        self._firsts: list[int] = []

    def record(self, kind: int, payload: bytes) -> None:
        data = (record1 if self.version == 1 else record2)(kind, self.sequence, payload)
        room = BLOCK - HEADERS[self.version] - sum(map(len, self.blocks[-1])) if self.blocks else 0
        if len(data) > room:
            self.next_block()
        self.blocks[-1].append(data)
        self.sequence += 1

    def next_block(self) -> None:
        """The next record goes into a block of its own."""
        self.blocks.append([])
        self._firsts.append(self.sequence)

    def data(self) -> bytes:
        """The file."""
        return b"".join(self._block(i) for i in range(len(self.blocks)))

    def _block(self, i: int) -> bytes:
        if self.version == 1:
            head = header1(self.session, i, **self.header)
        else:
            head = header2(
                self.session, i, write_count=self.first_write + i, sequence=self._firsts[i], device=self.device,
                status=0xFFFFFFFF if i else self.status, **self.header,
            )  # fmt: skip
        return (head + b"".join(self.blocks[i])).ljust(BLOCK, b"\xff")
