"""Recorded values against recomputed ones: the first difference, by name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from kneecore.stride import BATCH, FIELD_NAMES, IC
from kneesleeve.services.verdict import Difference, sample_time_s, value

Stride = tuple[int, ...]


def compare_strides(
    recorded: Sequence[Stride], recomputed: Sequence[Stride], first: int, last: int
) -> Difference | None:
    """The first difference between two lists of strides, in the batches first … last."""
    mine = [s for s in recorded if first <= s[BATCH] <= last]
    theirs = [tuple(int(v) for v in s) for s in recomputed if first <= s[BATCH] <= last]
    before = sum(s[BATCH] < first for s in recorded)
    for i, (a, b) in enumerate(zip_longest(mine, theirs, fillvalue=()), before):
        difference = first_difference(f"stride {i}", FIELD_NAMES, a, b, sample_time_s((a or b)[IC]))
        if difference:
            return difference
    return None


def first_difference(
    what: str, names: Sequence[str], recorded: Sequence[int], recomputed: Sequence[int], time_s: float | None
) -> Difference | None:
    """The first field that differs, or that one side has nothing at all."""
    if not recorded or not recomputed:
        if not recorded and not recomputed:
            return None
        side = (1, None) if recorded else (None, 1)
        return Difference(what, "present", *side, time_s)
    for name, a, b in zip(names, recorded, recomputed, strict=True):
        if a != b:
            return Difference(what, name, value(a), value(b), time_s)
    return None
