"""The sleeve's own configuration code over littlefs over a flash that loses power, asked frame by frame."""

from __future__ import annotations

import importlib
import struct
import zlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from littlefs_model import Files, LfsFlash

from kneecore import faults, params
from kneecore.frames import CONFIG_COMMIT, CONFIG_STAGE, END, ERROR, HEAD, MAX_TO_DEVICE, MAX_TO_HOST
from kneesleeve.parameters.configuration import file_bytes

config = importlib.import_module("sleeveapp.config_file")
Config = importlib.import_module("sleeveapp.config").Config
console_config = importlib.import_module("sleeveapp.console_config")
PIECE = MAX_TO_DEVICE - 2
TABLE = params.TABLE + params.SETTINGS
ROWS = [1, 8192, 0, 0, 0, 8192, 0, 0, 0, 8192] * 2
CALIBRATION = [0, 80, *ROWS[:10], *ROWS[1:10], *[0] * 10, 5]
NO_CODE = -1


class FakeConsole:
    """What ConfigRequests needs of the console; `answer` is the code of the fault, NO_CODE for a good answer."""

    def __init__(self) -> None:
        self._reader = SimpleNamespace(body=bytearray(HEAD + MAX_TO_DEVICE), length=0)
        self._writer = SimpleNamespace(body=bytearray(HEAD + MAX_TO_HOST))
        self.answer, self.data, self.text = NO_CODE, b"", ""

    def _send_bytes(self, data: bytes) -> None:
        self.answer, self.data = NO_CODE, bytes(data)

    def _error(self, code: int) -> None:
        self.answer, self.text = code, ""

    def _send(self, kind: int, n: int) -> None:
        assert kind == ERROR and END != ERROR
        said = bytes(self._writer.body[HEAD : HEAD + n])
        self.answer, self.text = said[0], said[1:].decode()


class Sleeve:
    """One life of a sleeve, from its boot on `flash`."""

    def __init__(self, flash: LfsFlash, *, fresh: bool = False) -> None:
        self.flash = flash
        self.files = Files(flash, fresh=fresh)
        self.config = Config(self.files)
        self.config.load()
        self.console = FakeConsole()
        self.requests = console_config.ConfigRequests(self.console, self.config)

    def ask(self, kind: int, payload: bytes = b"") -> int:
        """The fault code of the answer, NO_CODE for none."""
        reader = self.console._reader
        reader.body[HEAD : HEAD + len(payload)], reader.length = payload, len(payload)
        try:
            self.requests.answer(kind)
        except OSError:
            return faults.STORAGE_ERROR  # as the console answers it
        return self.console.answer

    def stage(self, content: bytes, pieces: int | None = None) -> None:
        """The first pieces of a configuration, or all of them."""
        for at in range(0, len(content), PIECE)[:pieces]:
            assert self.ask(CONFIG_STAGE, struct.pack("<H", at) + content[at : at + PIECE]) == NO_CODE

    def commit(self, content: bytes, *, dry: bool = False, crc: int | None = None) -> int:
        said = zlib.crc32(content) if crc is None else crc
        return self.ask(CONFIG_COMMIT, struct.pack("<HIB", len(content), said, dry))

    def put(self, given: dict[str, int], calibration: list[int] | None = None) -> int:
        content = file_bytes(given, calibration)
        self.stage(content)
        return self.commit(content)

    def stored(self, path: str = config.PATH) -> bytes | None:
        return config.read(self.files, path)

    def write(self, path: str, content: bytes | None) -> None:
        """Behind its back: what a failing flash or another program leaves; None removes the file."""
        if content is not None:
            with self.files.open(path, "wb") as f:
                f.write(content)
        elif self.stored(path) is not None:
            self.files.remove(path)

    @property
    def in_force(self) -> tuple[dict[str, int], list[int] | None]:
        return self.config.given, self.config.calibration

    def cut_in(self, operation: int, outcome: str, action: Callable[[], Any]) -> LfsFlash | None:
        """The flash as a power cut in the n-th flash operation of `action` leaves it; None if it has fewer."""
        found: list[LfsFlash] = []
        first = self.flash.operations

        def watch(one: Any) -> None:
            if one.number == first + operation:
                found.append(self.flash.after_cut(one, outcome, "config"))

        self.flash.watch = watch
        action()
        self.flash.watch = None
        return found[0] if found else None
