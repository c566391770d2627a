"""Proves a session: recomputes calibration, strides, cues and beats from the recorded samples, and compares.

What begins with the session's start is recomputed by the NumPy reference. What begins with a STATE record (behind a
loss, in a window) is recomputed by kneecore on CPython, which alone can go on from a state (docs/decisions/0008).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from kneecore import params as schema
from kneecore.records import E_BEAT
from kneecore.stride import BATCH
from kneesleeve.recordings.drain import Drained
from kneesleeve.services.compare import Stride, compare_strides, first_difference
from kneesleeve.services.consistency import contradiction
from kneesleeve.services.moments import check_beats, check_refreshes
from kneesleeve.services.motor import check_motor
from kneesleeve.services.verdict import CALIBRATION_FIELDS, Difference, Verdict
from kneesleeve.sessions.raw import between, first_batches
from kneesleeve.sessions.session import Section, Session

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


# (state, the batches behind it, params, calibration) -> what the detector says of them; ValueError for no state
Resume = Callable[[bytes, Drained, Mapping[str, int], Sequence[int]], Detected]


@dataclass(frozen=True)
class _Checked:
    """A section that was compared, up to batch `last`."""

    first: int
    last: int
    by: Literal["reference", "core"]
    difference: Difference | None
    cues: int


def verify(session: Session, reference: Reference | None = None, resume: Resume | None = None) -> Verdict:
    """Compare a session with what the reference, or kneecore from a STATE, makes of its samples, section by section.

    What cannot be checked gives the verdict `unverifiable` with its reason, never an error; strides without samples
    must still agree with themselves.
    """
    reason = _unverifiable(session)
    state: Compared = "given" if session.calibration_given else "unchecked"
    checked: list[_Checked] = []
    unusable: list[str] = []
    difference = None
    for section in () if reason else session.sections:
        if section.state is None:
            state, difference = _check_calibration(session, section.last, reference or _reference())
            found = _from_start(session, section, reference or _reference())
        else:
            found = _from_state(session, section, resume or _resume(), unusable)
        if found:
            checked.append(found)
    differences = [d for d in (difference, *(c.difference for c in checked)) if d]
    if not checked and not differences:
        reason = reason or next(iter(unusable), "the donning did not end in what can be checked")
        difference = contradiction(session)
    else:
        difference = differences[0] if differences else contradiction(session)
    return _verdict(session, checked, state, difference, reason, unusable)


def _from_start(session: Session, section: Section, reference: Reference) -> _Checked | None:
    """By the reference; None where the donning did not end in this section."""
    last = section.last
    if session.calibration is None or session.accepted_batch > last:
        return None
    drained = first_batches(session.drained, last)
    return _check(
        session, section, "reference",
        reference.detect(drained, session.params, session.calibration, session.accepted_batch),
    )  # fmt: skip


def _from_state(session: Session, section: Section, resume: Resume, unusable: list[str]) -> _Checked | None:
    """By kneecore from the section's state; None where that cannot be, and `unusable` says why.

    Its CRC held, so these bytes were written as they are; what a nonsensical state breaks cannot be foreseen.
    """
    if section.state is None:
        return None
    where = f"the saved state of batch {section.state.batch}"
    if session.calibration is None or session.calibration[0] != 0:
        unusable.append(f"{where} cannot be used: there is no accepted calibration in the record")
        return None
    drained = replace(
        between(session.drained, section.first, section.last),
        losses=tuple((batch - section.state.batch, n) for batch, n in section.losses),
    )
    try:
        found = resume(section.state.data, drained, session.params, session.calibration)
    except (ValueError, LookupError, ArithmeticError, TypeError) as error:
        unusable.append(f"{where} cannot be used: {error}")
        return None
    return _check(session, section, "core", found)


def _check(session: Session, section: Section, by: Literal["reference", "core"], found: Detected) -> _Checked:
    first, last = section.first, section.last
    cues, motor = check_motor(session, first, last)
    difference = compare_strides(session.strides, found.strides, first, last) or motor
    difference = difference or check_beats(session, found.beats, first, last)
    difference = difference or check_refreshes(session, found.refreshes, first, last)
    return _Checked(first, last, by, difference, cues)


def comparable_batches(session: Session) -> int:
    """How many batches from the start on hold everything."""
    return next((s.last for s in session.sections if s.state is None), 0)


def _unverifiable(session: Session) -> str:
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
    return "" if session.sections else "samples are missing from its beginning, and no saved state follows"


def _check_calibration(session: Session, last: int, reference: Reference) -> tuple[Compared, Difference | None]:
    if session.calibration_given:
        return "given", None
    recomputed, batch = reference.calibrate(first_batches(session.drained, last), session.params)
    recorded = session.calibration if session.accepted_batch <= last else None
    if recorded is None and recomputed is None:
        return "none", None
    names = ("batch", *CALIBRATION_FIELDS)
    mine = (session.accepted_batch, *recorded) if recorded else ()
    theirs = (batch, *recomputed) if recomputed else ()
    difference = first_difference("the calibration", names, mine, theirs, None)
    return ("differs", difference) if difference else ("exact", None)


def _verdict(
    session: Session,
    checked: Sequence[_Checked],
    state: Compared,
    difference: Difference | None,
    reason: str,
    unusable: Sequence[str],
) -> Verdict:
    batches = max(session.last_batch, len(session.drained))
    by: dict[str, int] = {"reference": 0, "core": 0}
    for c in checked:
        by[c.by] += c.last - c.first + 1
    covered = sum(by.values())
    loss = [*(str(loss) for loss in session.losses), *unusable]
    loss += [
        f"batch {d.batch}: the sleeve lost {d.samples or 'an unknown number of'} samples" for d in session.dropouts
    ]
    return Verdict(
        verdict="differs" if difference else "unverifiable" if not checked else "exact",
        calibration=state,
        checked_share=covered / batches if batches else 0.0,
        checked_batches=covered,
        from_state_batches=by["core"],
        sections=[(c.first, c.last) for c in checked],
        batches=batches,
        checked_strides=sum(_within(s[BATCH], checked) for s in session.strides),
        strides=len(session.strides),
        checked_cues=sum(c.cues for c in checked),
        checked_beats=sum(e.code == E_BEAT and _within(e.batch, checked) for e in session.events),
        closed=session.closed,
        difference=difference,
        reason="" if checked else reason,
        loss=loss,
    )


def _within(batch: int, checked: Sequence[_Checked]) -> bool:
    return any(c.first <= batch <= c.last for c in checked)


def _reference() -> Reference:
    from kneesleeve import reference  # NumPy-heavy, and replaceable in tests

    return reference


def _resume() -> Resume:
    from kneesleeve.engines import core

    return core.resume
