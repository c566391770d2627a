"""From an address to a sleeve that answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kneesleeve.device.address import Address, parse
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import LinkError
from kneesleeve.link.serial_link import FrameLink


@contextmanager
def connect(address: Address | str | None, *, timeout_s: float = 2.0) -> Iterator[Sleeve]:
    """The sleeve at an address, pinged; link and virtual sleeve are closed at the end.

    Raises UsageError for a bad address, LinkError when nothing is there or it is silent, DeviceError for another
    protocol version.
    """
    where = address if isinstance(address, Address) else parse(address)
    with ExitStack() as stack:
        port = stack.enter_context(_virtual(Path(where.where))) if where.kind == "virtual" else where.where
        yield stack.enter_context(Sleeve(FrameLink(port, timeout_s=timeout_s)))


@contextmanager
def _virtual(image: Path) -> Iterator[str]:
    """A virtual sleeve at rest on `image`, on the wall clock; yields its port."""
    if not image.is_file():
        raise LinkError(f"There is no virtual sleeve in {image}.", hint="`sleeve demo` or `sleeve virtual` make one.")
    from kneesleeve.virtual import Scenario, VirtualSleeve  # littlefs and numpy: only where they are needed

    with VirtualSleeve(image, Scenario(clock="wall")) as sleeve:
        yield sleeve.port
