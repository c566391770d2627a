"""docs/detector.md §2: equal clocks, clock errors, chips that stop, and the text followed sample by sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneesleeve.reference import align

from .synthetic import drained


def counts_of(rate: float, batches: int, phase: float = 0.0) -> np.ndarray:
    """Samples that a chip at `rate` times 208 Hz gives in each 20 ms batch."""
    return np.diff(np.floor(4.16 * rate * np.arange(batches + 1) + phase)).astype(int)


def ramp(n: int, per_sample: float = 1.0) -> np.ndarray:
    """A channel that tells its own time."""
    return np.repeat(np.round(per_sample * np.arange(n))[:, None], 3, axis=1)


def test_equal_clocks_change_nothing():
    counts = counts_of(1.0, 300)
    n = int(counts.sum())
    gyro = np.random.default_rng(1).integers(-32768, 32768, (n, 3))
    aligned = align(drained(counts, counts, gyro, gyro[::-1]))
    assert np.array_equal(aligned.k, np.arange(n))
    assert np.array_equal(aligned.shank_gyro, gyro) and np.array_equal(aligned.thigh_gyro, gyro[::-1])
    assert np.array_equal(aligned.ends, np.cumsum(counts))


@pytest.mark.parametrize("ppm_thigh", [-30000, -5000, 5000, 30000])
@pytest.mark.parametrize("ppm_shank", [-30000, 0, 30000])
def test_phase_error_of_unequal_clocks(ppm_thigh, ppm_shank):
    shank, thigh = 1 + ppm_shank * 1e-6, 1 + ppm_thigh * 1e-6
    n_s, n_t = counts_of(shank, 1500, 0.3), counts_of(thigh, 1500, 0.8)
    step, middle = 40, 5000  # a steep ramp around the middle, so that rounding does not count
    position = np.arange(n_t.sum()) + 0.2  # in thigh samples, at the time of each sample
    value = np.clip(step * (position - middle * thigh), -32000, 32000)
    aligned = align(drained(n_s, n_t, ramp(int(n_s.sum())), np.repeat(value[:, None], 3, axis=1)))
    expected = step * ((aligned.k + 0.7) / shank - middle) * thigh
    part = np.abs(expected) < 28000
    error_ms = (aligned.thigh_gyro[part, 0] - expected[part]) / step / 208 * 1000
    assert part.sum() > 1000 and np.sqrt(np.mean(error_ms**2)) <= 1.0
    assert len(aligned) > 0.99 * n_s.sum() and np.all(np.diff(aligned.k) == 1)


def test_a_thigh_chip_that_stops_loses_history():
    n_s = np.full(200, 4)
    n_t = np.where(np.arange(200) < 100, 4, 0)
    aligned = align(drained(n_s, n_t, ramp(800), ramp(400)))
    assert np.all(np.diff(aligned.k) >= 1)
    assert len(aligned.k) < 800


def literal(n_s, n_t, thigh):
    """§2 word for word, one sample at a time: (k, batch, thigh value) of every emitted sample."""
    seen, following, out, totals = [], 0, [], [0, 0]
    for j, (c_s, c_t) in enumerate(zip(n_s, n_t, strict=True), 1):
        totals[0] += c_s
        totals[1] += c_t
        ns, nt = totals
        if c_s == c_t == 0:
            continue
        d = nt - ns
        seen = [*seen, (d, ns)][-100:]
        m = len(seen)
        if m < 100:
            rel, slope, c1 = (sum(x - d for x, _ in seen) << 12) // m, 0, ns
        else:
            (e0, q0), (e1, q1) = ((sum(x - d for x, _ in h), sum(y - ns for _, y in h)) for h in (seen[:50], seen[50:]))
            slope = (max(min(e1 - e0, 1000), -1000) << 20) // max(q1 - q0, 1)
            slope = max(min(slope, 83886), -83886)
            rel, c1 = (max(min(e1, 100000), -100000) << 12) // 50, ns + q1 // 50
        if ns - following > 192:
            following = ns - 192
        emitted = 0
        while following < ns and emitted < 96:
            f = rel + ((slope * max(min(following - c1, 2000), -2000)) >> 8)
            i, frac = following + d + (f >> 12), f & 4095
            if i < (lo := max(0, nt - 192)):
                i, frac = lo, 0
            if i + (frac > 0) > nt - 1:
                break
            a, b = thigh[i], thigh[i + (frac > 0)]
            out.append((following, j, a + (((b - a) * frac) >> 12)))
            following, emitted = following + 1, emitted + 1
    return out


BATCH = st.tuples(st.integers(0, 64), st.integers(0, 64)) | st.tuples(st.integers(3, 5), st.integers(3, 5))


@settings(max_examples=60, deadline=None)
@given(st.lists(BATCH, min_size=1, max_size=260), st.integers(0, 2**32 - 1))
def test_follows_the_text_under_any_counts(batches, seed):
    n_s, n_t = (list(c) for c in zip(*batches, strict=True))
    thigh = np.random.default_rng(seed).integers(-32768, 32768, (sum(n_t), 3))
    aligned = align(drained(n_s, n_t, ramp(sum(n_s), 0.5), thigh))
    expected = literal(n_s, n_t, thigh[:, 0].tolist())
    batch = np.repeat(np.arange(1, len(batches) + 1), aligned.counts)
    got = list(zip(aligned.k.tolist(), batch.tolist(), aligned.thigh_gyro[:, 0].tolist(), strict=True))
    assert got == expected
