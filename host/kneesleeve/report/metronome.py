"""The cadence cue (docs/detector.md §7.1): the wearer's own cadence, the beats, and how the strides answered them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kneecore.records import E_BEAT
from kneesleeve.reference.baseline import LEARNING, LEFT_OUT
from kneesleeve.reference.integers import median_int
from kneesleeve.report.source import SessionLike
from kneesleeve.report.strides import Strides
from kneesleeve.report.timeline import Timeline

QUIET, VALGUS, CADENCE = range(3)  # values of cue_mode
FEWEST = 10  # fewer strides than this after the first beat tell nothing
_STEPS_SPM = 2.0  # cadences closer than this are taken as equal: a steady runner wanders by more than 1

# of the strides after the first beat, against the own cadence: on = within two steps a minute of the target
Answer = Literal["on", "nearer", "same", "further"]


@dataclass(frozen=True)
class Metronome:
    """Cadences in steps a minute by the sleeve's clock, as everywhere on the page.

    own_spm, target_spm: None before the own cadence was learnt. beats: how many, shortest_ms … longest_ms each (0
    without). from_s: the first beat, seconds since the recording began. with_spm: median of the `strides` whose both
    contacts came after it, None where they are fewer than ten.
    """

    up_permille: int
    own_spm: float | None
    target_spm: float | None
    beats: int
    shortest_ms: int
    longest_ms: int
    from_s: float | None
    strides: int
    with_spm: float | None

    @property
    def answer(self) -> Answer | None:
        """Where the cadence with the beats lies; None where it or the own one is not known."""
        if self.own_spm is None or self.target_spm is None or self.with_spm is None:
            return None
        before, now = abs(self.own_spm - self.target_spm), abs(self.with_spm - self.target_spm)
        if now < _STEPS_SPM:
            return "on"
        if abs(now - before) < _STEPS_SPM:
            return "same"
        return "nearer" if now < before else "further"


def metronome(session: SessionLike, strides: Strides, clock: Timeline) -> Metronome | None:
    """What the metronome did in a run; None where the run was not set to it."""
    params: Mapping[str, int] = session.params
    if params["cue_mode"] != CADENCE:
        return None
    own_spm = _own_spm(strides, clock)
    up = params["cadence_up_permille"]
    beats = [(int(batch), *divmod(int(arg), 64)) for batch, code, arg in session.events if code == E_BEAT]
    lengths_ms = [ms for _, _, ms in beats] or [0]
    from_s = _at_s(beats[0], clock) if beats else None
    answered = np.zeros(0) if from_s is None else strides.cadence_spm[strides.ic_s - strides.stride_s >= from_s]
    return Metronome(
        up, own_spm, None if own_spm is None else own_spm * (1 + up / 1000),
        len(beats), min(lengths_ms), max(lengths_ms), from_s,
        len(answered), float(np.median(answered)) if len(answered) >= FEWEST else None,
    )  # fmt: skip


def _own_spm(strides: Strides, clock: Timeline) -> float | None:
    """Cadence of judged strides 7 … 34, as the sleeve takes it; None where there are fewer."""
    learnt = strides.stride_samples[strides.judged][LEFT_OUT:LEARNING].tolist()
    return 120 * clock.rate_hz / median_int(learnt) if len(learnt) == LEARNING - LEFT_OUT else None


def _at_s(beat: tuple[int, int, int], clock: Timeline) -> float:
    batch, delay_us, _ = beat
    return float(clock.of_batch(np.array([batch]))[0]) + delay_us / 1e6
