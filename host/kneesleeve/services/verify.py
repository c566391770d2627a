"""Proves a session: recomputes calibration and strides from the recorded samples with the reference, and compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Literal, Protocol

from kneecore import params as schema
from kneecore.records import E_BEAT
from kneecore.stride import BATCH, FIELD_NAMES, IC
from kneesleeve.recordings.drain import Drained
from kneesleeve.services.moments import check_beats, check_refreshes
from kneesleeve.services.motor import check_motor
from kneesleeve.services.verdict import CALIBRATION_FIELDS, Difference, Verdict, sample_time_s, value
from kneesleeve.sessions.raw import first_batches
from kneesleeve.sessions.session import Session

Stride = tuple[int, ...]
Calibration = tuple[int, ...]
Compared = Literal["exact", "differs", "given", "none", "unchecked"]


class Detected(Protocol):
    """Stride records; beats as (batch, delay_us, ms); the batches after which the gyros' biases were taken anew."""

    @property
    def strides(self) -> list[Stride]: ...
    @property
    def beats(self) -> tuple[tuple[int, int, int], ...]: ...
    @property
    def refreshes(self) -> tuple[int, ...]: ...


class Reference(Protocol):
    """The two halves of the reference detector that verify needs (`kneesleeve.reference` has them)."""

    def calibrate(self, drained: Drained, params: Mapping[str, int]) -> tuple[Calibration | None, int]:
        """The donning: record and batch, or (None, -1)."""
        ...

    def detect(
        self, drained: Drained, params: Mapping[str, int], calibration: Sequence[int], accepted_batch: int
    ) -> Detected:
        """What follows a donning."""
        ...


def verify(session: Session, reference: Reference | None = None) -> Verdict:
    """Compare a session with what the reference makes of its samples, up to the first dropout or hole.

    What cannot be checked gives the verdict `unverifiable` with its reason, never an error.
    """
    until = comparable_batches(session)
    reason = _unverifiable(session, until)
    if reason:
        return _verdict(session, 0, reason=reason)
    reference = reference or _reference()
    drained = first_batches(session.drained, until)
    state, difference = _check_calibration(session, drained, until, reference)
    if session.calibration is None or session.accepted_batch > until:
        if difference:
            return _verdict(session, until, state=state, difference=difference)
        return _verdict(session, 0, state=state, reason="the donning did not end in what can be checked")
    recomputed = reference.detect(drained, session.params, session.calibration, session.accepted_batch)
    cues, motor_difference = check_motor(session, until)
    difference = difference or compare_strides(session.strides, recomputed.strides, until) or motor_difference
    difference = difference or check_beats(session, recomputed.beats, until)
    difference = difference or check_refreshes(session, recomputed.refreshes, until)
    return _verdict(session, until, state=state, difference=difference, cues=cues)


def comparable_batches(session: Session) -> int:
    """The batches before the first dropout and before anything that is missing in the file."""
    dropped = [d.batch - 1 for d in session.dropouts]
    return max(0, min([session.certain_batch, *dropped]))


def _unverifiable(session: Session, until: int) -> str:
    """Why nothing can be recomputed, or ""."""
    if not len(session.drained):
        return "it holds no raw samples (strides only)"
    if not session.meta:
        return "its META record is missing: the parameters are unknown"
    problem = schema.problem(session.params)
    if problem:
        return f"its parameters are not usable: {problem}"
    if session.calibration is not None and len(session.calibration) != len(CALIBRATION_FIELDS):
        return f"its calibration has {len(session.calibration)} numbers instead of {len(CALIBRATION_FIELDS)}"
    return "" if until else "samples are missing from its beginning"


def _check_calibration(
    session: Session, drained: Drained, until: int, reference: Reference
) -> tuple[Compared, Difference | None]:
    if session.calibration_given:
        return "given", None
    recomputed, batch = reference.calibrate(drained, session.params)
    recorded = session.calibration if session.accepted_batch <= until else None
    if recorded is None and recomputed is None:
        return "none", None
    names = ("batch", *CALIBRATION_FIELDS)
    mine = (session.accepted_batch, *recorded) if recorded else ()
    theirs = (batch, *recomputed) if recomputed else ()
    difference = _first_difference("the calibration", names, mine, theirs, None)
    return ("differs", difference) if difference else ("exact", None)


def compare_strides(recorded: Sequence[Stride], recomputed: Sequence[Stride], until: int) -> Difference | None:
    """The first difference between two lists of strides, up to batch `until`."""
    mine = [s for s in recorded if s[BATCH] <= until]
    theirs = [tuple(int(v) for v in s) for s in recomputed if s[BATCH] <= until]
    for i, (a, b) in enumerate(zip_longest(mine, theirs, fillvalue=())):
        difference = _first_difference(f"stride {i}", FIELD_NAMES, a, b, sample_time_s((a or b)[IC]))
        if difference:
            return difference
    return None


def _first_difference(
    what: str, names: Sequence[str], recorded: Sequence[int], recomputed: Sequence[int], time_s: float | None
) -> Difference | None:
    if not recorded or not recomputed:
        side = (1, None) if recorded else (None, 1)
        return Difference(what, "present", *side, time_s)
    for name, a, b in zip(names, recorded, recomputed, strict=True):
        if a != b:
            return Difference(what, name, value(a), value(b), time_s)
    return None


def _verdict(
    session: Session,
    until: int,
    *,
    state: Compared = "unchecked",
    difference: Difference | None = None,
    cues: int = 0,
    reason: str = "",
) -> Verdict:
    batches = max(session.last_batch, len(session.drained))
    checked = sum(s[BATCH] <= until for s in session.strides)
    loss = [str(loss) for loss in session.losses]
    loss += [
        f"batch {d.batch}: the sleeve lost {d.samples or 'an unknown number of'} samples" for d in session.dropouts
    ]
    return Verdict(
        verdict="differs" if difference else "unverifiable" if reason else "exact",
        calibration=state,
        checked_share=until / batches if batches else 0.0,
        checked_batches=until,
        batches=batches,
        checked_strides=checked,
        strides=len(session.strides),
        checked_cues=cues,
        checked_beats=sum(e.code == E_BEAT and e.batch <= until for e in session.events),
        closed=session.closed,
        difference=difference,
        reason=reason,
        loss=loss,
    )


def _reference() -> Reference:
    from kneesleeve import reference  # NumPy-heavy, and replaceable in tests

    return reference
