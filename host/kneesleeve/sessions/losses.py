"""What is missing from a session file, place by place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

MOST_LOSSES = 1000  # the rest is counted: a file of rubbish must not fill the memory with words about it
_MOST_PLACES = 3


class Place(NamedTuple):
    """Where damage was seen: block in the session (None: unknown), byte in the file (None: not in it), words."""

    block: int | None
    offset: int | None
    text: str


@dataclass(frozen=True)
class Loss:
    """Something that could not be read.

    where, what: in words. before: index in the list of records of the first one after it. missing: False if it is
    damage that cost no record. block: number in the session; offset: byte in the file; None where unknown.
    records: how many are missing, None where that cannot be known. from_ms, to_ms: between these times, counted from
    the session's start, something is missing; None where nothing is, or where there is no record to tell it from.
    """

    where: str
    what: str
    before: int = 0
    missing: bool = True
    block: int | None = None
    offset: int | None = None
    records: int | None = None
    from_ms: float | None = None
    to_ms: float | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def in_words(places: Iterable[Place]) -> str:
    """The first places, and how many more there are."""
    texts = [place.text for place in places]
    more = len(texts) - _MOST_PLACES
    return "; ".join(texts[:_MOST_PLACES]) + (f"; and {more} more places" if more > 0 else "")


def lost(first: int, missing: int) -> str:
    """Which records are lost."""
    return f"record {first} lost" if missing == 1 else f"records {first}-{first + missing - 1} lost ({missing})"
