"""Which blocks of a file belong to its session, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from kneesleeve.errors import SessionError
from kneesleeve.sessions.blocks import BAD_BITS, BAD_CRC, BAD_VERSION, Header, headers
from kneesleeve.sessions.layout import BLOCK, MAGIC, NEWEST
from kneesleeve.sessions.records import scan_part


class Found(NamedTuple):
    """A block of the file. number: the header's, or for one that is of no use (`problem`) the place it would have."""

    number: int
    offset: int
    header: Header
    problem: str


class Blocks(NamedTuple):
    """first: the header of the session's first block found. blocks: by number, those of no use among them.

    spare: further copies of blocks. disorder: byte of the first block that stands too late in the file, or None.
    """

    first: Header
    blocks: list[Found]
    spare: list[Found]
    disorder: int | None


def blocks_of(path: Path, data: bytes) -> Blocks:
    """The blocks of the session that most blocks of a file belong to.

    Raises SessionError if no block can be used; `path` is for its words.
    """
    found = list(headers(data))
    whole = [header for _, header in found if not header.problem]
    if not whole:
        raise _refusal(path, data, [header for _, header in found])
    mine = Counter(header.session for header in whole).most_common(1)[0][0]
    kept: list[Found] = []
    spare: list[Found] = []
    for _, group in groupby(sorted(_numbered(found, mine)), key=lambda block: block.number):
        copies = list(group)
        good = [block for block in copies if not block.problem]
        best = _best(data, good)
        kept += [block for block in copies if block.problem or block is best]
        spare += [block for block in good if block is not best]
    first = next(header for header in whole if header.session == mine)
    return Blocks(first, kept, spare, _disorder(kept))


def _numbered(found: Iterable[tuple[int, Header]], mine: tuple[int, int, int]) -> Iterable[Found]:
    number = -1
    for offset, header in found:
        problem = header.problem or ("" if header.session == mine else _foreign(header, mine))
        number = number + 1 if problem else header.number
        yield Found(number, offset, header, problem)


def _foreign(header: Header, mine: tuple[int, int, int]) -> str:
    if header.device_tag != mine[1]:
        return f"of session {header.session_id} of another sleeve, tag {header.device_tag:08x}"
    return f"of session {header.session_id}" + ("" if header.version == mine[0] else f", format {header.version}")


def _best(data: bytes, copies: list[Found]) -> Found | None:
    """The copy with the most good records, the first of equals."""
    return max(copies, key=lambda block: _good_records(data, block)) if len(copies) > 1 else next(iter(copies), None)


def _good_records(data: bytes, block: Found) -> int:
    start, end = block.offset + block.header.length, min(block.offset + BLOCK, len(data))
    return sum(good for _, _, good in scan_part(data, start, end, block.header.layout))


def _disorder(blocks: list[Found]) -> int | None:
    last = -1
    for block in blocks:
        if block.problem:
            continue
        if block.offset < last:
            return last
        last = block.offset
    return None


def _refusal(path: Path, data: bytes, found: list[Header]) -> SessionError:
    """Why none of the blocks can be used."""
    unknown = next((h for h in found if h.problem == BAD_VERSION), None)
    if unknown:
        return SessionError(
            f"{path} has format version {unknown.version}; this toolkit reads versions 1 to {NEWEST}.",
            hint="Update the toolkit." if unknown.version > NEWEST else "Pull the session again.",
        )
    refused = next((h for h in found if h.problem == BAD_BITS), None)
    if refused:
        return SessionError(
            f"{path} uses features (bits 0x{refused.incompat:02x}) that this toolkit does not know.",
            hint="Update the toolkit.",
        )
    if any(h.problem == BAD_CRC for h in found):
        hint = "Pull the session again, or try `sleeve recover`."
        return SessionError(f"{path}: no block of it is readable.", hint=hint)
    if MAGIC in data:
        hint = "`sleeve recover` looks for sessions at every byte."
        return SessionError(f"{path} is not a session file, though something in it looks like one.", hint=hint)
    return SessionError(f"{path} is not a session file.", hint="Session files end in .sleeve; see `sleeve pull`.")
