"""docs/detector.md §4.3: the search finds exactly what the machine of the text finds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneesleeve.reference.events import Steps, find_steps, running
from kneesleeve.reference.kernel import rows_of
from kneesleeve.reference.types import Calibration

from .synthetic import record

ROWS = rows_of(Calibration.of(record()))


def literal(sy, fr, az, arm):
    """The four modes, one sample at a time: (ic, to, complete, jerk) of every complete step."""
    jz = [0, *[b - a for a, b in pairwise(az)]]
    mode, zc, ic, jerk, ext, out = 0, 0, 0, 0, 0, []
    for k in range(16, len(sy)):
        if mode == 0:
            mode = 1 if sy[k] < arm else 0
        elif mode == 1:
            if sy[k] >= 0:
                mode, zc = 2, k
        elif mode == 2:
            if k == zc + 19:
                best = max(range(zc - 3, zc + 20), key=lambda i: (jz[i], -i))
                ic, jerk, mode, ext = best - 1, jz[best], 3, 0
        elif k >= max(ic + 20, zc + 20):
            if k - ic > 104:
                mode = 0
            elif fr[k] < 0:
                ext = 1
            elif ext and fr[k] >= 1429:
                out.append((ic, k - 5, k, jerk))
                mode = 0
    return out


def smooth(rng, n, width, scale):
    noise = rng.normal(size=n + width)
    return np.convolve(noise, np.ones(width) / np.sqrt(width), "valid")[:n] * scale


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(20, 1500), st.integers(1, 60))
def test_search_equals_the_machine(seed, n, width):
    rng = np.random.default_rng(seed)
    sy, fr = (smooth(rng, n, width, 3000).astype(np.int32) for _ in range(2))
    accel = np.zeros((n, 3), np.int16)
    accel[:, 2] = rng.integers(-3, 3, n)  # many equal jerks
    got = find_steps(ROWS, sy, fr, accel, -2143)
    table = np.stack((got.ic, got.to, got.complete, got.jerk), axis=1).tolist()
    assert [tuple(row) for row in table] == literal(sy.tolist(), fr.tolist(), accel[:, 2].tolist(), -2143)


@pytest.mark.parametrize(
    "contact, jerk, passes", [(24, 2000, 0), (25, 2000, 1), (79, 1229, 1), (80, 2000, 0), (50, 1228, 0)]
)
def test_running_gate(contact, jerk, passes):
    one = np.array([100])
    steps = Steps(one, one + contact, one + contact + 5, np.array([jerk]))
    assert len(running(steps, 600).ic) == passes
