"""Cadence: the motor beats steps faster than the wearer's own (docs/detector.md §7.1).

Times in sixteenths of a sample. Between two beats nothing changes but n_s, so the batch of the next one is searched.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kneecore.stride import BATCH, IC, JUDGED, STRIDE_SAMPLES
from kneesleeve.reference.baseline import LEARNING, LEFT_OUT
from kneesleeve.reference.cue import CADENCE_MODE
from kneesleeve.reference.decide import Record
from kneesleeve.reference.integers import median_int
from kneesleeve.reference.types import Aligned, Ints, Params

Beat = tuple[int, int, int]  # batch, delay_us after its command, ms
RECENT = 250  # samples since the last contact, of one who runs
AHEAD16 = 67  # until the next batch, 1/16 sample


def beats(records: Sequence[Record], aligned: Aligned, params: Params) -> tuple[Beat, ...]:
    """Every beat of a run, in order; none but with `cue_mode` = 2. aligned: from batch 1 on."""
    learnt = [r for r in records if r[JUDGED]][LEFT_OUT:LEARNING]
    if params["cue_mode"] != CADENCE_MODE or len(learnt) < LEARNING - LEFT_OUT:
        return ()
    own = median_int(r[STRIDE_SAMPLES] for r in learnt)
    step16 = (8000 * own) // (1000 + params["cadence_up_permille"])
    ms = min(params["cadence_beat_ms"], (step16 * 125) // 2080)
    number = np.flatnonzero(aligned.full) + 1
    number = number[number >= learnt[-1][BATCH]]
    n16 = 16 * aligned.drained[number - 1]
    found = []
    for first, end in _running(records, number, n16 // 16):
        found += [(int(number[row]), delay_us, ms) for row, delay_us in _beats_of(n16[first:end], step16, first)]
    return tuple(found)


def _running(records: Sequence[Record], number: Ints, n_s: Ints) -> list[tuple[int, int]]:
    """Rows of batches in a row (first, end) with a stride reported so far whose contact is recent."""
    table = np.array(records, np.int64)
    last = np.searchsorted(table[:, BATCH], number, side="right") - 1  # there is one: own is set
    edges = np.flatnonzero(np.diff(table[last, IC] >= n_s - RECENT, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _beats_of(n16: Ints, step16: int, first: int) -> list[tuple[int, int]]:
    """Row and delay of each beat in batches of one go, from n_s of each, 1/16 sample; first: row of the first."""
    found, next16, row = [], int(n16[0]), 0
    while row < len(n16):
        now16 = int(n16[row])
        next16 = now16 if next16 < now16 - step16 else next16
        found.append((first + row, 300 * max(next16 - now16, 0)))
        next16 += step16
        row = max(row + 1, int(np.searchsorted(n16, next16 - AHEAD16, side="right")))
    return found
