"""Initial contact and toe-off (docs/detector.md §4.3), as a search: no sample is stepped through.

A burst is a row of samples with the shank's sagittal rate below `arm`; `run` is how long it is so far. The machine is
in mode 0 or 1 whenever run reaches 25: an earlier stance was given up when run was 20 (mode 2 lasts 19 samples from a
crossing, at which run is 0). So every burst of 25 samples leads to the next upward zero crossing, each crossing has a
stance of its own, and what the machine makes of it follows from a window of samples, for all of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kneesleeve.reference.kernel import axial_acceleration
from kneesleeve.reference.rows import Rows
from kneesleeve.reference.types import Ints, Ints32, Shorts
from kneesleeve.reference.windows import windows

SETTLE = 16  # samples before the machine starts
ARMING_RUN, ABORTING_RUN = 25, 20  # samples of forward swing, 120 and 96 ms
BEFORE, AFTER = 3, 19  # window of the contact around the zero crossing
LEAST_STANCE, MOST_STANCE = 20, 104
TOE_OFF_DELAY, TOE_OFF_LSB = 5, 1429  # 100 dps


@dataclass(frozen=True)
class Steps:
    """Complete stances in order, positions in the stream, int64 [S] each; jerk: LSB per sample."""

    ic: Ints
    to: Ints
    complete: Ints
    jerk: Ints

    def part(self, rows: Ints | slice | np.ndarray) -> Steps:
        """Some of the stances."""
        return Steps(self.ic[rows], self.to[rows], self.complete[rows], self.jerk[rows])


def find_steps(rows: Rows, sy: Ints32, fr: Ints32, shank_accel: Shorts, arm_lsb: int) -> Steps:
    """All complete stances of one gapless stream that starts at k0; sy, fr: int32 [K], LSB; accel int16 [K, 3]."""
    begins, ends = _bursts(sy, arm_lsb)
    zc = _crossings(sy, ends[ends - begins >= ARMING_RUN] - 1)
    zc = zc[zc + AFTER < len(sy)]
    ic, jerk = _contacts(rows, zc, shank_accel)
    complete = _completions(zc, ic, fr)
    aborts = begins[ends - begins >= ABORTING_RUN] + ABORTING_RUN - 1
    abort = np.append(aborts, len(sy))[np.searchsorted(aborts, zc)]  # the next: none lies within mode 2
    done = (complete >= 0) & (complete < abort)
    return Steps(ic, complete - TOE_OFF_DELAY, complete, jerk).part(done)


def _bursts(sy: Ints32, arm_lsb: int) -> tuple[Ints, Ints]:
    """First sample of each burst and the one after its last; before the machine starts there are none."""
    fast = np.zeros(len(sy) + 2, bool)
    np.less(sy[SETTLE:], arm_lsb, out=fast[SETTLE + 1 : -1])
    edges = np.flatnonzero(fast[1:] != fast[:-1])
    return edges[::2], edges[1::2]


def _crossings(sy: Ints32, last_fast: Ints) -> Ints:
    """The first sample with sy >= 0 after each of some samples below; once where it is the same."""
    negative = sy < 0
    rises = np.flatnonzero(negative[:-1] & ~negative[1:]) + 1
    following = np.searchsorted(rises, last_fast, side="right")
    following = following[np.diff(following, append=-1) != 0]
    return rises[following[following < len(rises)]]


def _contacts(rows: Rows, zc: Ints, shank_accel: Shorts) -> tuple[Ints, Ints]:
    """Contact and its jerk: one sample before the largest step of the axial acceleration around each crossing."""
    axial = axial_acceleration(rows, windows(shank_accel, zc - BEFORE - 1, BEFORE + AFTER + 2))
    jerk = np.diff(axial, axis=1)
    largest = np.argmax(jerk, axis=1) if len(zc) else np.zeros(0, np.int64)
    return zc - BEFORE + largest - 1, jerk[np.arange(len(zc)), largest].astype(np.int64)


def _completions(zc: Ints, ic: Ints, fr: Ints32) -> Ints:
    """Sample at which each stance is complete, -1 where the knee does not flex again in time."""
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
