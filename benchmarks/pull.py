"""How fast a session comes off the sleeve: `sleeve pull` and mpremote over the same virtual line, in one run.

The line is paced: a byte takes the time it takes at its rate, in both directions. Line rate = baud / 10 bytes a second;
counted are the bytes of the session file. What an ESP32's processor and flash take is not in it (docs/protocol.md).
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mpremote.transport_serial import SerialTransport

from kneecore import params as schema
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.engines.virtual import finished_run, make_image, run_scenario
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.services.demo import demo_runner
from kneesleeve.services.pull import pull
from kneesleeve.virtual import Scenario, VirtualSleeve, create_image, install_app

RUN_S = 240.0
BAUD = 921_600
BASE = 115_200
PART = 48 * 1024  # bytes of the file that are enough at the lower rate


def recorded(folder: Path) -> Path:
    """A storage image with one raw session."""
    runner = demo_runner(RUN_S, seed=1)
    image = folder / "sleeve.img"
    make_image(image, schema.defaults(), record_s=runner.duration_s)
    with finished_run(image, runner, run_scenario(runner)):
        return image


def copy(image: Path) -> Path:
    """Storage of its own: what is pulled is marked there, and may be erased."""
    folder = Path(tempfile.mkdtemp(dir=image.parent))
    for file in image.parent.glob(f"{image.name}*"):
        shutil.copy(file, folder)
    return folder / image.name


def pulled(image: Path, folder: Path, *, raised: bool) -> tuple[float, int]:
    """Seconds and bytes of the transfer alone: from the first byte asked for to the last one here."""
    with VirtualSleeve(copy(image), Scenario(line_rate=True)) as board, Sleeve(FrameLink(board.port)) as sleeve:
        entry = sleeve.sessions()[0]
        wanted = entry.bytes if raised else PART
        with sleeve.fast() if raised else contextlib.nullcontext():
            assert board.baud == (BAUD if raised else BASE)
            start = time.perf_counter()
            data = b"".join(sleeve.stream(entry.id, 0, wanted))
            took_s = time.perf_counter() - start
    (folder / "again").write_bytes(data)
    return took_s, len(data)


def whole_pull(image: Path, folder: Path) -> tuple[float, bytes]:
    """Seconds, and the file, of `pull` from the open link to the checked file: rate raised, file checked and marked."""
    with VirtualSleeve(copy(image), Scenario(line_rate=True)) as board, Sleeve(FrameLink(board.port)) as sleeve:
        start = time.perf_counter()
        path = pull(sleeve, 1, folder / "whole").path
        return time.perf_counter() - start, path.read_bytes()


@contextmanager
def bare_board(folder: Path, content: bytes) -> Iterator[str]:
    """The port of a board without the app, with the session as a file, behind the same line."""
    image = folder / "bare.img"
    create_image(image)
    install_app(image, {"run.sleeve": content})
    with VirtualSleeve(image, Scenario(line_rate=True)) as board:
        yield board.port


def copied(folder: Path, content: bytes, baud: int) -> float:
    """Seconds of mpremote's own transport for `cp :run.sleeve`, with both ends of the line at `baud`."""
    with bare_board(folder, content) as path, contextlib.redirect_stdout(io.StringIO()):
        transport = SerialTransport(path, timeout=5)
        transport.enter_raw_repl(soft_reset=False)
        if baud != BASE:
            transport.exec("import machine")
            transport.exec_raw_no_follow(f"machine.UART(0, baudrate={baud})")
            time.sleep(0.3)
            port: Any = transport.serial
            port.baudrate = baud
            port.reset_input_buffer()
            port.write(b"\r\x01")  # its next call expects the prompt that this brings
        start = time.perf_counter()
        data = transport.fs_readfile("/run.sleeve")
        took_s = time.perf_counter() - start
        transport.close()
    assert bytes(data) == content
    return took_s


def row(name: str, baud: int, size: int, took_s: float) -> None:
    rate = size / took_s
    print(f"{name:34s} {baud:7d} baud {size:8d} bytes {took_s:7.2f} s {rate / 1000:7.2f} kB/s {rate * 10 / baud:6.1%}")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="pull-") as name:
        folder = Path(name)
        image = recorded(folder)
        print("transfer of a recorded session over a paced line; the last column is the share of the line rate")
        took_s, size = pulled(image, folder, raised=True)
        whole_s, content = whole_pull(image, folder)
        assert (folder / "again").read_bytes() == content
        row("sleeve pull, its READs", BAUD, size, took_s)
        row("sleeve pull, from link to file", BAUD, size, whole_s)
        mpremote_s = copied(folder, content, BAUD)
        row("mpremote cp, brought to that rate", BAUD, size, mpremote_s)
        low_s, low = pulled(image, folder, raised=False)
        row("sleeve pull, not raised", BASE, low, low_s)
        base_s = copied(folder, content[:PART], BASE)
        row("mpremote cp, as it comes", BASE, PART, base_s)
        print(f"pull is {mpremote_s / took_s:.1f} times as fast as mpremote cp at {BAUD} baud, ", end="")
        print(f"{base_s / PART / (took_s / size):.0f} times as fast as mpremote cp as it comes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
