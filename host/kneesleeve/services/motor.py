"""Did the motor do what the strides say? Motor events against the recorded cues."""

from __future__ import annotations

from collections.abc import Sequence

from kneecore.records import E_MOTOR_OFF, E_MOTOR_ON
from kneecore.stride import CUE_BATCH, CUE_MS, IC, INDEX
from kneesleeve.services.verdict import Difference, sample_time_s
from kneesleeve.sessions.session import Event, Session

ROUNDING_MS = 1
LATE_MS = 40  # two batches: the motor is switched off at a batch boundary


def check_motor(session: Session, first: int, until: int) -> tuple[int, Difference | None]:
    """(cues checked, first difference) in the batches from `first` up to `until`.

    Each cued stride has a MOTOR_ON in its batch with its length, and a MOTOR_OFF after it that is as long, or at most
    40 ms longer; there is no MOTOR_ON without a cued stride (buzzes that are no cues are BUZZ events). A pulse that may
    end after `until` is not asked for its end.
    """
    cued = {s[CUE_BATCH]: s for s in session.strides if s[CUE_MS] > 0 and first <= s[CUE_BATCH] <= until}
    motor = [e for e in session.events if e.code in (E_MOTOR_ON, E_MOTOR_OFF) and first <= e.batch <= until]
    differences = [d for s in cued.values() if (d := _check_pulse(s, motor, until))]
    differences += [_uncalled(e) for e in motor if e.code == E_MOTOR_ON and e.batch not in cued]
    differences.sort(key=lambda d: d.time_s or 0.0)
    return len(cued), differences[0] if differences else None


def _check_pulse(stride: Sequence[int], motor: Sequence[Event], until: int) -> Difference | None:
    what, time_s = f"motor for stride {stride[INDEX]}", sample_time_s(stride[IC])
    at = next((i for i, e in enumerate(motor) if e.code == E_MOTOR_ON and e.batch == stride[CUE_BATCH]), None)
    if at is None:
        return Difference(what, "motor_on_ms", None, stride[CUE_MS], time_s)
    if motor[at].arg != stride[CUE_MS]:
        return Difference(what, "motor_on_ms", motor[at].arg, stride[CUE_MS], time_s)
    end = motor[at + 1] if at + 1 < len(motor) else None
    if end is None or end.code != E_MOTOR_OFF:
        latest = stride[CUE_BATCH] + (stride[CUE_MS] + LATE_MS) // 20 + 1
        return Difference(what, "motor_off_ms", None, stride[CUE_MS], time_s) if end or latest <= until else None
    cut = end.arg < stride[CUE_MS] - ROUNDING_MS and end.batch < until  # the end of a run may cut a pulse
    if cut or end.arg > stride[CUE_MS] + LATE_MS:
        return Difference(what, "motor_off_ms", end.arg, stride[CUE_MS], time_s)
    return None


def _uncalled(event: Event) -> Difference:
    return Difference(f"motor in batch {event.batch}", "motor_on_ms", event.arg, None, event.batch * 0.02)
