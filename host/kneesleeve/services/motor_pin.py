"""Compares what the motor's pin did on a virtual sleeve with what the session says it did."""

from __future__ import annotations

from collections.abc import Sequence

from kneecore.records import E_BUZZ, E_MOTOR_OFF
from kneesleeve.errors import DeviceError
from kneesleeve.sessions.session import Session

_SLACK_MS = 1  # rounding; a buzz may also be cut by the end of the run


def pulse_lengths_ms(log: Sequence[tuple[int, int]]) -> list[int]:
    """Lengths of the pulses in a motor log of (time in µs, duty); a pulse that never ended counts to the log's end."""
    pulses: list[int] = []
    since: int | None = None
    for t_us, duty in log:
        if duty and since is None:
            since = t_us
        elif not duty and since is not None:
            pulses.append((t_us - since) // 1000)
            since = None
    return pulses + ([(log[-1][0] - since) // 1000] if since is not None else [])


def check_pin(session: Session, pulses_ms: Sequence[int]) -> None:
    """Every buzz and cue of the record was a pulse of that length on the pin, and there was no other.

    Raises DeviceError naming the first difference.
    """
    said = [e for e in session.events if e.code in (E_BUZZ, E_MOTOR_OFF)]
    hint = "The firmware's motor driver and its record disagree: please report this with the session file."
    if len(said) != len(pulses_ms):
        raise DeviceError(f"The record names {len(said)} pulses, the motor's pin made {len(pulses_ms)}.", hint=hint)
    for i, (event, did_ms) in enumerate(zip(said, pulses_ms, strict=True)):
        shorter = event.code == E_BUZZ and did_ms < event.arg
        if abs(did_ms - event.arg) > _SLACK_MS and not shorter:
            raise DeviceError(f"Pulse {i} was {did_ms} ms on the motor's pin, not {event.arg} ms.", hint=hint)
