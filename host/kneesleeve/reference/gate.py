"""The running gate: which stances are candidates, and which candidates are strides (docs/detector.md §4.3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.events import Steps
from kneesleeve.reference.integers import signed29_of_32
from kneesleeve.reference.kernel import axial_acceleration
from kneesleeve.reference.rows import Rows
from kneesleeve.reference.types import Bools, Ints, Ints32, Shorts
from kneesleeve.reference.windows import windows

LEAST_CONTACT, MOST_CONTACT = 25, 79  # samples, 120 … 380 ms
SUPPORT_LSB = 2254  # 1.1 g
LEAST_PERIOD, MOST_PERIOD = 94, 250  # samples, 266 … 100 steps/min
SWING_U, STANCE_U = 104000, 8914  # 35 deg, 3 deg
PAIRS_AT_ONCE = 2048


@dataclass(frozen=True)
class Strides:
    """Reported strides in order, positions in the stream, int64 [S] each; jerk: LSB per sample.

    before_ic, before_to: ic' and to', of the candidate before.
    """

    ic: Ints
    to: Ints
    complete: Ints
    jerk: Ints
    before_ic: Ints
    before_to: Ints

    @property
    def contact(self) -> Ints:
        """n: samples from contact to toe-off, 25 … 79."""
        return self.to - self.ic

    @property
    def period(self) -> Ints:
        """p: samples since the contact before, 94 … 250."""
        return self.ic - self.before_ic

    def part(self, rows: Ints | slice | Bools) -> Strides:
        """Some of the strides."""
        s = self
        return Strides(*(c[rows] for c in (s.ic, s.to, s.complete, s.jerk, s.before_ic, s.before_to)))


def candidates(rows: Rows, steps: Steps, shank_accel: Shorts, contact_jerk_mg: int) -> Steps:
    """The stances with the contact time, impact and support of running; accel: int16 [K, 3]."""
    contact = steps.to - steps.ic
    hard = steps.jerk >= contact_jerk_mg * 1000 // 488
    some = steps.part((contact >= LEAST_CONTACT) & (contact <= MOST_CONTACT) & hard)
    return some.part(_supported(rows, some, shank_accel))


def running(found: Steps, flexion: Ints32) -> Strides:
    """The candidates that have one before, in the rhythm, with the flight and the flexion of running; θ: int32 [K]."""
    ic, to = found.ic, found.to
    pairs = Strides(ic[1:], to[1:], found.complete[1:], found.jerk[1:], ic[:-1], to[:-1])
    p = pairs.period
    pairs = pairs.part((p >= LEAST_PERIOD) & (p <= MOST_PERIOD) & (2 * pairs.contact <= p))
    chunks = (slice(i, i + PAIRS_AT_ONCE) for i in range(0, max(len(pairs.ic), 1), PAIRS_AT_ONCE))
    return pairs.part(np.concatenate([_bends(flexion, pairs.part(some)) for some in chunks]))


def _supported(rows: Rows, steps: Steps, shank_accel: Shorts) -> Bools:
    """Whether the axial acceleration is 1.1 g in the mean from contact to toe-off; at most 80 samples each."""
    count = steps.to - steps.ic + 1
    axial = axial_acceleration(rows, windows(shank_accel, steps.ic, MOST_CONTACT + 1))
    axial *= np.arange(MOST_CONTACT + 1) < count[:, None]
    return axial.sum(axis=1, dtype=np.int64) >= SUPPORT_LSB * count


def _bends(flexion: Ints32, pairs: Strides) -> Bools:
    """Whether the knee bends enough from contact to contact, and in stance."""
    swing = _largest_above_contact(flexion, pairs.ic, pairs.before_ic, pairs.period)
    stance = _largest_above_contact(flexion, pairs.ic, pairs.ic, pairs.contact)
    return (swing >= SWING_U) & (stance >= STANCE_U)


def _largest_above_contact(flexion: Ints32, ic: Ints, first: Ints, samples: Ints) -> Ints32:
    """Largest sx(θ[k] - θ[ic]) of k = first … first + samples, U, int32 [S]; contact is one of them, so it is >= 0."""
    width = int(samples.max(initial=0)) + 1
    above = signed29_of_32(windows(flexion, first, width) - flexion[ic][:, None])
    above *= np.arange(width) <= samples[:, None]
    return above.max(axis=1)
