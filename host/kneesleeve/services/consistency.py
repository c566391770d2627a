"""What can be said of strides without samples: do they agree with each other, with their own decision, and with CLOSE?

Rules: docs/detector.md §6 (over), §7 (cues), docs/format.md (order, CLOSE).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from kneecore.records import CLOSED_FULL, CLOSED_INTERRUPT
from kneecore.stride import BASELINE, BATCH, COLLAPSE, CUE_BATCH, CUE_MS, IC, INDEX, JUDGED, NULL, OVER, THRESHOLD
from kneesleeve.services.verdict import Difference, sample_time_s
from kneesleeve.sessions.sections import breaks_record
from kneesleeve.sessions.session import Session


def contradiction(session: Session) -> Difference | None:
    """The first stride that contradicts itself or its neighbours, or a CLOSE that counts other strides; else None."""
    found = [*_in_order(session), *(d for s in session.strides for d in _decided(s))]
    found.sort(key=lambda d: d.time_s or 0.0)
    return next(iter([*found, *_counted(session)]), None)


def _in_order(session: Session) -> Iterator[Difference]:
    """Numbers, contacts and batches rise; without losses no number is left out."""
    lost = bool(session.losses) or any(map(breaks_record, session.dropouts))
    for a, b in pairwise(session.strides):
        what, time_s = f"stride {b[INDEX]}", sample_time_s(b[IC])
        skipped = b[INDEX] != a[INDEX] + 1 and (b[INDEX] <= a[INDEX] or not lost)
        if skipped:
            yield Difference(what, "index", b[INDEX], a[INDEX] + 1, time_s)
        if b[IC] <= a[IC]:
            yield Difference(what, "ic", b[IC], a[IC] + 1, time_s)
        if b[BATCH] < a[BATCH]:
            yield Difference(what, "batch", b[BATCH], a[BATCH], time_s)


def _decided(s: Sequence[int]) -> Iterator[Difference]:
    """Over as collapse, baseline and threshold say; a cue only for a stride that is over, in its own batch."""
    what, time_s = f"stride {s[INDEX]}", sample_time_s(s[IC])
    known = s[JUDGED] and NULL not in (s[COLLAPSE], s[BASELINE], s[THRESHOLD])
    over = int(known and s[COLLAPSE] - s[BASELINE] > s[THRESHOLD])
    if s[OVER] != over:
        yield Difference(what, "over", s[OVER], over, time_s)
    if s[CUE_MS] and not s[OVER]:
        yield Difference(what, "cue_ms", s[CUE_MS], 0, time_s)
    if s[CUE_MS] and s[CUE_BATCH] != s[BATCH]:
        yield Difference(what, "cue_batch", s[CUE_BATCH], s[BATCH], time_s)


def _counted(session: Session) -> Iterator[Difference]:
    """CLOSE against what is there; where storage was full, a Ctrl-C came or records were lost, some of it is not."""
    partly = session.close is not None and session.close.reason in (CLOSED_FULL, CLOSED_INTERRUPT)
    if session.close is None or partly or session.losses or any(map(breaks_record, session.dropouts)):
        return
    strides, cues = len(session.strides), sum(s[CUE_MS] > 0 for s in session.strides)
    for name, counted, there in (("strides", session.close.strides, strides), ("cues", session.close.cues, cues)):
        if counted != there:
            yield Difference("the end record", name, counted, there, None)
