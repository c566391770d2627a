"""Beats of the cadence cue and bias refreshes: those in the record against those recomputed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from kneecore.records import E_BEAT, E_REFRESHED
from kneesleeve.services.verdict import Difference
from kneesleeve.sessions.session import Session

BATCH_S = 0.02
BEAT_FIELDS = ("batch", "delay_us", "ms")


def check_beats(
    session: Session, recomputed: Sequence[tuple[int, int, int]], first: int, last: int
) -> Difference | None:
    """The first beat in the batches first … last that differs in its batch, its delay or its length."""
    recorded = [(e.batch, *divmod(e.arg, 64)) for e in session.events if e.code == E_BEAT]
    return _first("beat", BEAT_FIELDS, recorded, recomputed, first, last)


def check_refreshes(session: Session, recomputed: Sequence[int], first: int, last: int) -> Difference | None:
    """The first of the batches first … last after which biases were taken anew on one side only."""
    recorded = [(e.batch,) for e in session.events if e.code == E_REFRESHED]
    return _first("bias refresh", ("batch",), recorded, [(b,) for b in recomputed], first, last)


def _first(
    what: str,
    names: Sequence[str],
    recorded: Sequence[tuple[int, ...]],
    recomputed: Sequence[tuple[int, ...]],
    first: int,
    last: int,
) -> Difference | None:
    mine = [r for r in recorded if first <= r[0] <= last]
    theirs = [r for r in recomputed if first <= r[0] <= last]
    for i, (a, b) in enumerate(zip_longest(mine, theirs)):
        time_s = (a or b or (0,))[0] * BATCH_S
        if a is None or b is None:
            return Difference(f"{what} {i}", "present", *((1, None) if a else (None, 1)), time_s)
        for name, x, y in zip(names, a, b, strict=True):
            if x != y:
                return Difference(f"{what} {i}", name, x, y, time_s)
    return None
