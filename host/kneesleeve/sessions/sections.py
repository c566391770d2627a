"""The parts of a session that can be recomputed: from its start or a STATE record, as far as nothing is missing."""

from __future__ import annotations

from collections.abc import Sequence
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


def sections(
    marks: Sequence[Mark], missing: Sequence[int], spans: Spans, count: int, from_start: bool
) -> list[Section]:
    """marks: in the order of the records. missing: indices of records before which some are missing. count: of all
    records. from_start: samples are recorded from batch 1 on.

    A section ends where something is missing, with a mark that is no state, or with the last record; the next begins
    with the next state.
    """
    ends = {m.index + 1: m.batch for m in marks if m.state is None}
    edges = sorted({0, *missing, *ends, count})
    found = []
    for start, end in pairwise(edges):
        states = [m.state for m in marks if m.state and start <= m.index < end]
        if from_start and start == 0:
            state, first = None, 1
        elif states:
            state, first = states[0], states[0].batch + 1
        else:
            continue
        last = spans.certain(end) if end in missing or end not in ends else ends[end]
        if last >= first:
            found.append(Section(state, first, last))
    return found
