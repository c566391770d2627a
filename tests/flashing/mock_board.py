"""A board for the tests of flashing: the ROM bootloader of `esp32-mock-bootloader` over a flash that a test can see.

The mock neither runs what is written nor knows baud rates. Reading goes through its ROM commands: with its stub it
gives up when a client is slower than 50 ms.
"""

from __future__ import annotations

import socket
import threading
from types import TracebackType

from esp32_mock_bootloader import protocol, server

FLASH_IDS = {2: 0x00154020, 4: 0x00164020, 8: 0x00174020, 16: 0x00184020}


class Flash(server.FlashImage):
    """The board's flash. spoiled: how many of the next connections find their writes damaged on the way."""

    def __init__(self, size_mb: int) -> None:
        super().__init__()
        self.data = bytearray(b"\xff" * (size_mb << 20))
        self.spoiled = 0
        self.writes = 0

    def end_defl(self) -> None:
        super().end_defl()
        self.writes += 1

    def write_defl_block(self, payload: bytes) -> None:
        """As the mock does it, but in one piece: byte by byte costs a second a flash."""
        assert self._decompressor
        plain = self._decompressor.decompress(payload[16 : 16 + int.from_bytes(payload[:4], "little")])
        self.data[self._defl_offset : self._defl_offset + len(plain)] = plain
        self._defl_offset += len(plain)
        if self.spoiled > 0:
            self.data[self._defl_offset - 1] ^= 1


class MockBoard:
    """A board with a chip ("esp32", "esp32s3", …) and megabytes of flash, at `url` while the context is open.

    connections: how often it was connected to.
    """

    def __init__(self, chip: str = "esp32", flash_mb: int = 4) -> None:
        self.chip, self.flash = chip, Flash(min(flash_mb, 16))
        self.connections = 0
        self.dead = False
        self._stop = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._id = FLASH_IDS[flash_mb]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> MockBoard:
        protocol.MOCK_FLASH_ID = self._id
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(5)
        self._server.close()

    def unplug(self) -> None:
        """Gone, now and for good."""
        self.dead = True
        self._stop.set()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            self.connections += 1
            # exit_on_disconnect: else the mock hangs up 3 s after the first piece
            server.handle_client(
                server.BootloaderConnection(sock=connection),
                self._stop,
                self.chip,
                exit_on_disconnect=True,
                flash=self.flash,
            )
            self.flash.spoiled -= self.flash.spoiled > 0
        if self.dead:
            self._server.close()
