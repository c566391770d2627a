"""The parts of a session that can be recomputed: from its start or a STATE record, as far as nothing is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from kneesleeve.sessions.layout import LOST_RAM, LOST_STORAGE
from kneesleeve.sessions.missing import Spans
from kneesleeve.sessions.session import Dropout, Section, State


class Mark(NamedTuple):
    """A record that begins a section (state) or ends it (None), by its index among all records. batch: its last one."""

    index: int
    batch: int
    state: State | None = None


def breaks_record(dropout: Dropout) -> bool:
    """True if the detector got samples that the record does not hold; other losses happened to both alike."""
    return dropout.cause in (LOST_RAM, LOST_STORAGE)


def added_up(losses: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """(batch, samples) with one entry a batch, ascending."""
    found: dict[int, int] = {}
    for batch, n in losses:
        found[batch] = found.get(batch, 0) + n
    return sorted(found.items())


def sections(
    marks: Sequence[Mark],
    losses: Sequence[tuple[int, int, int]],
    missing: Sequence[int],
    spans: Spans,
    count: int,
    from_start: bool,
) -> list[Section]:
    """marks: in the order of the records. losses: DROPOUTs of the sensors (index, batch, samples); only those behind a
    state, which may have the same batch, are still to come for it. missing: indices of records before which some are
    missing. count: of all records. from_start: samples are recorded from batch 1 on.

    A section ends where something is missing, with a mark that is no state, or with the last record; the next begins
    with the next state.
    """
    ends = {m.index + 1: m.batch for m in marks if m.state is None}
    edges = sorted({0, *missing, *ends, count})
    found = []
    for start, end in pairwise(edges):
        states = [(m.index, m.state) for m in marks if m.state and start <= m.index < end]
        if from_start and start == 0:
            begin, state, first = 0, None, 1
        elif states:
            begin, state = states[0]
            first = state.batch + 1
        else:
            continue
        last = spans.certain(end) if end in missing or end not in ends else ends[end]
        if last >= first:
            lost = added_up((batch, n) for i, batch, n in losses if begin <= i < end and batch < last)
            found.append(Section(state, first, last, tuple(lost)))
    return found
