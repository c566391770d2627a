"""All records of a session file in order, and by name whatever is missing between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kneecore.blocks import BLOCK, VERSION
from kneesleeve.errors import SessionError
from kneesleeve.sessions.blocks import BAD_BITS, BAD_CRC, BAD_VERSION, Block, Header, block_at, headers
from kneesleeve.sessions.records import Damage, Record, scan


@dataclass(frozen=True)
class Loss:
    """Something that could not be read.

    before: index in the list of records of the first one after it. missing: False if it is damage that cost no record.
    """

    where: str
    what: str
    before: int = 0
    missing: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class Stream:
    """The records of one session, in order, and the losses between them."""

    session_id: int = 0
    records: list[Record] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    _sequence: int = 0  # of the record expected next
    _places: list[str] = field(default_factory=list)  # damage since the last good record

    def take(self, block: Block) -> None:
        """Append a block's records."""
        for part in scan(block.data, block.start):
            if isinstance(part, Damage):
                self._places.append(f"block {block.number}, byte {part.at} ({part.length} bytes damaged)")
            elif part.sequence < self._sequence:
                self._lose(
                    f"block {block.number}, byte {part.at}", f"record {part.sequence} again, left out", missing=False
                )
            else:
                self._settle(part.sequence)
                self.records.append(part)
                self._sequence = part.sequence + 1

    def damaged(self, where: str) -> None:
        """Note damage; what it cost shows at the next good record."""
        self._places.append(where)

    def end(self) -> None:
        """No more blocks: name the damage that no record followed."""
        if self._places:
            self._lose("; ".join(self._places), "what was recorded there is lost")
            self._places = []

    def _settle(self, sequence: int) -> None:
        missing = sequence - self._sequence
        if missing:
            first, last = self._sequence, sequence - 1
            what = f"record {first} lost" if missing == 1 else f"records {first}-{last} lost ({missing})"
            self._lose("; ".join(self._places) or f"before record {sequence}", what)
        elif self._places:
            self._lose("; ".join(self._places), "no record is missing", missing=False)
        self._places = []

    def _lose(self, where: str, what: str, *, missing: bool = True) -> None:
        self.losses.append(Loss(where, what, len(self.records), missing))


def read_stream(path: Path, data: bytes) -> Stream:
    """Everything readable in a session file's bytes.

    Raises SessionError if it is no session file, or of a version or with features this toolkit does not know.
    """
    found = list(headers(data))
    _refuse_unreadable(path, found)
    stream = Stream(session_id=next(h.session_id for _, h in found if not h.problem))
    expected = 0
    for offset, header in found:
        if header.problem:
            stream.damaged(f"block at byte {offset} ({header.problem})")
            expected += 1
        elif header.session_id != stream.session_id:
            stream.damaged(f"block at byte {offset} (of session {header.session_id})")
            expected += 1
        elif header.number < expected:
            stream.damaged(f"block at byte {offset} (number {header.number} for the second time)")
        else:
            if header.number > expected:
                stream.damaged(f"blocks {expected}-{header.number - 1} missing")
            expected = header.number + 1
            stream.take(block_at(data, offset, header))
    if len(data) % BLOCK:
        stream.damaged(f"the file ends {len(data) % BLOCK} bytes into a block of {BLOCK}")
    stream.end()
    return stream


def _refuse_unreadable(path: Path, found: list[tuple[int, Header]]) -> None:
    if any(not h.problem for _, h in found):
        return
    for _, header in found:
        if header.problem == BAD_VERSION:
            older = "Update the toolkit." if header.version > VERSION else "Use an older toolkit."
            raise SessionError(
                f"{path} has format version {header.version}; this toolkit reads version {VERSION}.", hint=older
            )
        if header.problem == BAD_BITS:
            raise SessionError(
                f"{path} uses features (bits 0x{header.incompat:02x}) that this toolkit does not know.",
                hint="Update the toolkit.",
            )
    if any(h.problem == BAD_CRC for _, h in found):
        raise SessionError(f"{path}: no block of it is readable.", hint="Pull the session again.")
    raise SessionError(f"{path} is not a session file.", hint="Session files end in .sleeve; `sleeve pull` makes them.")
