"""A fake sleeve with a configuration, and a table of parameters of any version."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

from fake_sleeve import FakeSleeve  # pyright: ignore[reportMissingImports]

from kneecore import faults, frames
from kneesleeve.parameters.schema import own_bytes


def table_with(*rows: list[Any], without: str = "") -> bytes:
    """Our own table with more or fewer rows."""
    version, detector, settings, ordered = json.loads(own_bytes())
    kept = [row for row in detector if row[0] != without]
    return json.dumps([version, kept, settings + list(rows), ordered]).encode()


class ConfigSleeve(FakeSleeve):
    """`said`: what CONFIG_READ answers, `committed`: the bytes of the last commit; it checks nothing but the CRC.

    asked: the kinds of configuration requests that came. deaf: a commit changes nothing, though it is answered.
    """

    def __init__(self, table: bytes | None = None, **said: Any) -> None:
        super().__init__()
        self.table = own_bytes() if table is None else table
        self.said: dict[str, Any] = {
            "format": 2, "params": {}, "calibration": None, "source": "stored", "problem": "",
            "schema": f"{zlib.crc32(self.table):08x}", **said,
        }  # fmt: skip
        self.committed, self.staged, self.refusal = b"", b"", ""
        self.asked: list[int] = []
        self.deaf = False

    def __enter__(self) -> ConfigSleeve:
        super().__enter__()
        return self

    def _answer(self, kind: int, payload: bytes) -> None:
        if not frames.SCHEMA <= kind <= frames.CONFIG_COMMIT or self.manners.state != 1:
            super()._answer(kind, payload)
            return
        self.asked.append(kind)
        if kind == frames.SCHEMA:
            self._send_bytes(self.table)
        elif kind == frames.CONFIG_READ:
            self._send_bytes(json.dumps(self.said).encode())
        elif kind == frames.CONFIG_STAGE:
            self.staged = self.staged[: struct.unpack_from("<H", payload)[0]] + payload[2:]
            self._send_bytes(b"")
        elif self.refusal:
            self._send(frames.ERROR, bytes((faults.CONFIG_REFUSED,)) + self.refusal.encode())
        else:
            self._commit(*struct.unpack("<HIB", payload))

    def _commit(self, length: int, crc: int, dry: int) -> None:
        assert len(self.staged) == length and zlib.crc32(self.staged) == crc
        if not dry:
            self.committed = self.staged
            if not self.deaf:
                content = json.loads(self.staged)
                self.said |= {"params": content["params"], "calibration": content["calibration"], "problem": ""}
                self.said |= {"source": "stored"}
        self._send_bytes(b"")
