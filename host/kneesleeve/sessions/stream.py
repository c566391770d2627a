"""All records of a session file in order, and by name whatever is missing between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from kneesleeve.sessions.blocks import Header
from kneesleeve.sessions.index import Records
from kneesleeve.sessions.layout import BLOCK, CLOSE
from kneesleeve.sessions.losses import MOST_LOSSES, Loss, Place, in_words, lost
from kneesleeve.sessions.order import Found, blocks_of
from kneesleeve.sessions.records import length_at, scan_part, sequence_at

__all__ = ["Loss", "Stream", "read_stream"]


@dataclass
class Stream:
    """The records of one session, in order, and the losses between them.

    header: that of the first block found of the session. blocks: how many of it are readable.
    """

    header: Header
    records: Records = field(default_factory=Records)
    losses: list[Loss] = field(default_factory=list)
    blocks: int = 0
    _sequence: int = 0  # of the record expected next
    _places: list[Place] = field(default_factory=list)  # damage since the last good record
    _more: list[int] = field(default_factory=lambda: [0, 0])  # losses only counted; `before` of the first of them

    @property
    def session_id(self) -> int:
        """The session's number on its sleeve."""
        return self.header.session_id

    @property
    def version(self) -> int:
        """Of the format."""
        return self.header.version

    @property
    def unknown(self) -> dict[int, int]:
        """How many records of types that this toolkit does not know, by type."""
        known = range(1, self.header.layout.types + 1)
        return {kind: n for kind, n in sorted(Counter(self.records.kinds).items()) if kind not in known}

    def take(self, data: bytes, block: Found) -> None:
        """Append a block's records."""
        self.blocks += 1
        header, layout = block.header, block.header.layout
        first = header.first_sequence if layout.checked else None
        if first is not None:
            self._settle(self._counted_on(first, layout.sequences), block.number, block.offset)
        end = min(block.offset + BLOCK, len(data))
        for at, stop, good in scan_part(data, block.offset + header.length, end, layout, first):
            if not good:
                words = f"block {block.number}, byte {at - block.offset} ({stop - at} bytes damaged)"
                self.damaged(block.number, at, words)
                continue
            found = sequence_at(data, at, layout)
            sequence = self._counted_on(found, layout.sequences)
            if sequence < self._sequence:
                self.noted(block.number, at, f"record {found} again", "left out")
                continue
            if self._places or sequence > self._sequence:
                self._settle(sequence, block.number, at)
            self.records.append(at, data[at + 1], sequence, length_at(data, at))
            self._sequence = sequence + 1

    def damaged(self, block: int | None, offset: int | None, words: str) -> None:
        """Note damage; what it cost shows at the next good record."""
        self._places.append(Place(block, offset, words))

    def noted(self, block: int | None, offset: int | None, words: str, what: str) -> None:
        """Note something that costs no record."""
        self._lose([Place(block, offset, words)], what, 0)

    def end(self) -> None:
        """No more blocks: name the damage that no record followed."""
        if self._places:
            closed = bool(self.records) and self.records.kinds[-1] == CLOSE
            what = "no record is missing" if closed else "what was recorded there is lost"
            self._lose(self._places, what, 0 if closed else None)
        if self._more[0]:
            self.losses.append(Loss(f"{self._more[0]} more places", "something is lost there too", self._more[1]))

    def _counted_on(self, sequence: int, turn: int) -> int:
        """A sequence past its modulus; one that lies behind comes out smaller than the expected one."""
        if not self._sequence:
            return sequence
        ahead = (sequence - self._sequence) % turn
        return self._sequence + (ahead if ahead < turn // 2 else ahead - turn)

    def _settle(self, sequence: int, block: int, offset: int) -> None:
        """A record or block with this sequence begins here: what is missing before it, and what damage cost nothing."""
        missing = sequence - self._sequence
        if missing > 0:
            places = self._places or [Place(block, offset, f"before record {sequence}")]
            self._lose(places, lost(self._sequence, missing), missing)
            self._sequence = sequence
        elif self._places and not missing:
            self._lose(self._places, "no record is missing", 0)

    def _lose(self, places: list[Place], what: str, records: int | None) -> None:
        first, before = places[0], len(self.records)
        if len(self.losses) < MOST_LOSSES:
            loss = Loss(in_words(places), what, before, records != 0, first.block, first.offset, records)
            self.losses.append(loss)
        else:
            self._more = [self._more[0] + 1, self._more[1] or before]
        if places is self._places:
            self._places = []


def read_stream(path: Path, data: bytes) -> Stream:
    """Everything readable in a session file's bytes: the session that most of its blocks belong to.

    Raises SessionError if it is no session file, or of a version or with features this toolkit does not know.
    """
    found = blocks_of(path, data)
    stream = Stream(found.first, Records(data))
    expected = 0
    for block in found.blocks:
        if block.problem:
            stream.damaged(block.number, block.offset, f"block at byte {block.offset} ({block.problem})")
        if block.number > expected:
            stream.damaged(expected, None, f"blocks {expected}-{block.number - 1} missing")
        expected = max(expected, block.number + 1)
        if not block.problem:
            stream.take(data, block)
    for block in found.spare:
        words = f"block at byte {block.offset} (number {block.number} for the second time)"
        stream.noted(block.number, block.offset, words, "left out")
    if found.disorder is not None:
        stream.noted(None, found.disorder, f"block at byte {found.disorder}", "blocks are not in order in the file")
    if len(data) % BLOCK:
        stream.damaged(None, len(data), f"the file ends {len(data) % BLOCK} bytes into a block of {BLOCK}")
    stream.end()
    return stream
