"""Initial contact and toe-off (docs/detector.md §4.3), as a search: no sample is stepped through.

Every upward zero crossing of the shank's sagittal rate after a fast forward swing is a candidate. What the machine
would do from there (contact, toe-off, when it is free again) follows from a window of samples, for all candidates at
once. Which candidates it visits is a chain: the next is the first whose swing is still fast after it became free.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.kernel import Rows, axial_acceleration
from kneesleeve.reference.types import Ints, Ints32, Shorts
from kneesleeve.reference.windows import windows

SETTLE = 16  # samples before the machine starts
BEFORE, AFTER = 3, 19  # window of the contact around the zero crossing
LEAST_STANCE, MOST_STANCE = 20, 104
TOE_OFF_DELAY, TOE_OFF_LSB = 5, 1429  # 100 dps
GATE_LEAST, GATE_MOST = 25, 79  # contact time of running, samples


@dataclass(frozen=True)
class Steps:
    """Complete steps in order, positions in the stream, int64 [S] each; jerk: LSB per sample."""

    ic: Ints
    to: Ints
    complete: Ints
    jerk: Ints

    def part(self, rows: Ints | slice) -> Steps:
        """Some of the steps."""
        return Steps(self.ic[rows], self.to[rows], self.complete[rows], self.jerk[rows])

    def later(self, samples: int) -> Steps:
        """The same steps in a stream that begins `samples` earlier."""
        return Steps(self.ic + samples, self.to + samples, self.complete + samples, self.jerk)


def find_steps(rows: Rows, sy: Ints32, fr: Ints32, shank_accel: Shorts, arm_lsb: int) -> Steps:
    """All complete steps of one gapless stream that starts at k0; sy, fr: int32 [K], LSB; accel int16 [K, 3]."""
    zc, last_fast = _swings(sy, arm_lsb)
    seen = zc + AFTER < len(sy)
    zc, last_fast = zc[seen], last_fast[seen]
    ic, jerk = _contacts(rows, zc, shank_accel)
    complete = _completions(zc, ic, fr)
    done = complete >= 0
    free = np.where(done, complete, ic + MOST_STANCE + 1) + 1
    visited = _chain(last_fast, free)
    visited = visited[done[visited]]
    return Steps(ic, complete - TOE_OFF_DELAY, complete, jerk).part(visited)


def running(steps: Steps, contact_jerk_mg: int) -> Steps:
    """The steps that pass the running gate."""
    contact = steps.to - steps.ic
    hard = steps.jerk >= contact_jerk_mg * 1000 // 488
    return steps.part(np.flatnonzero((contact >= GATE_LEAST) & (contact <= GATE_MOST) & hard))


def _swings(sy: Ints32, arm_lsb: int) -> tuple[Ints, Ints]:
    """Zero crossings (first sample with sy >= 0) after a fast swing, and the last fast sample before each."""
    fast = sy < arm_lsb
    last_fast = np.flatnonzero(fast[:-1] & ~fast[1:])
    negative = sy < 0
    rises = np.flatnonzero(negative[:-1] & ~negative[1:]) + 1
    following = np.searchsorted(rises, last_fast, side="right")  # a burst that is the last before its crossing
    last_of_swing = np.diff(following, append=-1) != 0
    last_of_swing &= following < len(rises)
    return rises[following[last_of_swing]], last_fast[last_of_swing]


def _contacts(rows: Rows, zc: Ints, shank_accel: Shorts) -> tuple[Ints, Ints]:
    """Contact and its jerk: one sample before the largest step of the axial acceleration around each crossing."""
    usable = np.maximum(zc - BEFORE - 1, 0)  # candidates before the machine starts are never visited
    axial = axial_acceleration(rows, windows(shank_accel, usable, BEFORE + AFTER + 2))
    jerk = np.diff(axial, axis=1)
    largest = np.argmax(jerk, axis=1) if len(zc) else np.zeros(0, np.int64)
    return zc - BEFORE + largest - 1, jerk[np.arange(len(zc)), largest].astype(np.int64)


def _completions(zc: Ints, ic: Ints, fr: Ints32) -> Ints:
    """Sample at which each step is complete, -1 where the knee does not flex again in time."""
    first = np.maximum(ic, zc) + LEAST_STANCE
    width = MOST_STANCE - LEAST_STANCE + 1
    flexion_rate = windows(fr, first, width)
    column = np.arange(width)
    extending = flexion_rate < 0
    extends = np.where(extending.any(axis=1), extending.argmax(axis=1), width)
    flexing = (flexion_rate >= TOE_OFF_LSB) & (column > extends[:, None])
    complete = first + flexing.argmax(axis=1)
    in_time = flexing.any(axis=1) & (complete - ic <= MOST_STANCE) & (complete < len(fr))
    return np.where(in_time, complete, -1)


def _chain(last_fast: Ints, free: Ints) -> Ints:
    """The candidates that the machine visits, in order; `free`: first sample at which it looks again."""
    following = np.searchsorted(last_fast, free).tolist()
    at, visited = int(np.searchsorted(last_fast, SETTLE)), []
    while at < len(following):
        visited.append(at)
        at = following[at]
    return np.array(visited, np.int64)
