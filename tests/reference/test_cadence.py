"""docs/detector.md §7.1: the beats' period, delay and batch, when they begin and when they stop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore import stride as f
from kneecore.params import defaults
from kneesleeve.reference import Aligned, run
from kneesleeve.reference.cadence import beats

from .synthetic import FIRST_IC, STEP, record, runner


def strides_at(ics, judged=None, periods=None, delay: int = 60) -> list[tuple[int, ...]]:
    """Records with contact, judged, period and batch (4 samples each; complete `delay` samples after contact)."""
    out = []
    for i, ic in enumerate(ics):
        row = [0] * f.FIELD_COUNT
        row[f.IC], row[f.BATCH] = int(ic), (int(ic) + delay) // 4 + 1
        row[f.JUDGED] = 1 if judged is None else judged[i]
        row[f.STRIDE_SAMPLES] = STEP if periods is None else int(periods[i])
        out.append(tuple(row))
    return out


def batches(counts, brought=None) -> Aligned:
    """Batches alone: no sample is looked at."""
    counts = np.asarray(counts, np.int64)
    none, total = np.zeros((0, 3), np.int16), np.cumsum(counts)
    brought = counts > 0 if brought is None else np.asarray(brought, bool)
    return Aligned(none[:, 0].astype(np.int64), none, none, none, none, total, total, total, total[:0], brought)


def cadence(**changed: int) -> dict[str, int]:
    return defaults() | {"cue_mode": 2} | changed


RUN = [1000 + STEP * i for i in range(60)]
FIRST = (RUN[33] + 60) // 4 + 1  # batch in which the 34th is complete


def test_beats_of_a_steady_run():
    """146 samples a stride, 73 a step: 1168/16 over 1.075 is 1086/16; batches come every 64/16."""
    found = beats(strides_at(RUN), batches([4] * 3000), cadence())
    assert (8000 * STEP) // 1075 == 1086
    first16 = 16 * 4 * FIRST
    assert found[0] == (FIRST, 0, 40)
    for i, (batch, delay_us, ms) in enumerate(found):
        at16 = first16 + 1086 * i
        due = next(j for j in range(FIRST, 3001) if at16 < 64 * j + 67)
        assert (batch, delay_us, ms) == (due, 300 * max(at16 - 64 * due, 0), 40)
    assert len(found) > 50


@pytest.mark.parametrize("left16, batch, delay_us", [(66, FIRST + 1, 19800), (67, FIRST + 2, 900)])
def test_a_beat_before_the_next_batch_comes_with_this_one(left16, batch, delay_us):
    """A large batch after the first beat leaves 66/16 or 67/16 of a sample up to the second."""
    up, step16 = next((up, v) for up in range(100, 0, -1) if (v := 8000 * STEP // (1000 + up)) % 16 == left16 % 16)
    counts = [4] * FIRST + [(step16 - left16) // 16] + [4] * 40
    assert counts[FIRST] <= 64
    assert beats(strides_at(RUN), batches(counts), cadence(cadence_up_permille=up))[1] == (batch, delay_us, 40)


def test_nothing_without_the_mode_or_before_the_baseline():
    assert beats(strides_at(RUN), batches([4] * 3000), cadence(cue_mode=1)) == ()
    assert beats(strides_at(RUN), batches([4] * 3000), cadence(cue_mode=0)) == ()
    assert beats(strides_at(RUN[:33]), batches([4] * 3000), cadence()) == ()
    assert beats([], batches([4] * 30), cadence()) == ()


def test_own_stride_is_the_median_of_judged_strides_7_to_34():
    """Six gentle ones, an unjudged one, then 14 of 140 and 14 of 151: 145."""
    judged = [1] * 6 + [0] + [1] * 40
    periods = [240] * 6 + [100] + [140] * 14 + [151] * 14 + [240] * 12
    found = beats(strides_at(RUN[:47], judged, periods), batches([4] * 3000), cadence(cadence_up_permille=0))
    assert found[0][0] == (RUN[34] + 60) // 4 + 1
    at16 = [64 * batch + delay_us // 300 for batch, delay_us, _ in found if delay_us]
    assert set(np.diff(at16).tolist()) <= {8 * 145 * i for i in range(1, 4)}


@pytest.mark.parametrize(
    "beat_ms, up, period, ms", [(60, 0, 94, 45), (40, 0, 94, 40), (60, 100, 94, 41), (60, 0, 146, 60)]
)
def test_a_beat_is_no_longer_than_a_fifth_of_the_period(beat_ms, up, period, ms):
    params = cadence(cadence_beat_ms=beat_ms, cadence_up_permille=up)
    found = beats(strides_at(RUN, periods=[period] * 60), batches([4] * 3000), params)
    assert {m for _, _, m in found} == {ms}


@pytest.mark.parametrize("delay", [240, 248, 252])
def test_beats_stop_250_samples_after_the_last_contact_and_begin_anew(delay):
    """RUN[33] + 250 = 6068: n_s = 6068 is the last batch with a beat, if one is due; anew with the next stride."""
    pause = 2000
    again = [ic + pause for ic in RUN[34:]]
    found = beats(strides_at([*RUN[:34], *again]), batches([4] * 3500), cadence())
    stop = (RUN[33] + 250) // 4
    resumed = (again[0] + 60) // 4 + 1
    assert not [batch for batch, _, _ in found if stop < batch < resumed]
    assert (resumed, 0, 40) in found
    assert [batch for batch, _, _ in found if batch <= stop][-1] > stop - 18


def test_a_beat_more_than_a_step_late_is_left_out():
    """Steps of 699/16, three batches of 1024/16: late by 325, 650, and 975/16, which is now; the next a step later."""
    row = list(strides_at([RUN[33] + 100])[0])
    row[f.BATCH] = FIRST + 1
    rows = [*strides_at(RUN[:34], periods=[94] * 34), tuple(row)]
    found = beats(rows, batches([4] * FIRST + [64] * 3 + [4] * 11), cadence())
    assert found == (*((FIRST + i, 0, 40) for i in range(4)), (FIRST + 13, 300 * (699 - 640), 40))


def test_a_batch_without_samples_is_no_batch():
    """Two of three batches bring nothing; the beats come with the third."""
    counts = np.where(np.arange(9000) % 3 == 2, 12, 0)
    rows = [tuple(v if i != f.BATCH else (v - 1) // 3 * 3 + 3 for i, v in enumerate(r)) for r in strides_at(RUN)]
    found = beats(rows, batches(counts), cadence())
    assert len(found) > 5 and all(batch % 3 == 0 for batch, _, _ in found)


@pytest.mark.parametrize("brought, second, delay_us", [(True, 3, 300 * 49), (False, 4, 0)])
def test_a_batch_of_the_thigh_alone_counts(brought, second, delay_us):
    """Two large batches bring a late beat each; the third beat is 49/16 ahead, before the next batch."""
    counts = [4] * FIRST + [64, 64, 0] + [4] * 11
    full = np.array(counts) > 0
    full[FIRST + 2] = brought
    found = beats(strides_at(RUN[:34], periods=[94] * 34), batches(counts, full), cadence())
    assert found[3] == (FIRST + second, delay_us, 40)


def literal(rows, n_s, brought, params) -> list[tuple[int, int, int]]:
    """§7.1 word for word, batch by batch."""
    out, reported, judged, own, next16 = [], [], [], None, None
    for batch, (n, some) in enumerate(zip(n_s, brought, strict=True), 1):
        for r in (r for r in rows if r[f.BATCH] == batch):
            reported.append(r[f.IC])
            judged += [r[f.STRIDE_SAMPLES]] if r[f.JUDGED] else []
            if len(judged) == 34 and own is None:
                v = sorted(judged[6:])
                own = (v[13] + v[14]) // 2
        if not some or own is None:
            continue
        if not any(ic >= n - 250 for ic in reported):
            next16 = None
            continue
        step16 = (8000 * own) // (1000 + params["cadence_up_permille"])
        if next16 is None or next16 < 16 * n - step16:
            next16 = 16 * n
        if next16 < 16 * n + 67:
            ms = min(params["cadence_beat_ms"], (step16 * 125) // 2080)
            out.append((batch, 300 * max(next16 - 16 * n, 0), ms))
            next16 += step16
    return out


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 100), st.integers(20, 60))
def test_follows_the_text(seed, up, beat_ms):
    rng = np.random.default_rng(seed)
    counts = rng.choice([0, 0, 3, 4, 4, 5, 40, 64], 2500, p=[0.02, 0.02, 0.1, 0.4, 0.3, 0.1, 0.03, 0.03])
    brought = (counts > 0) | (rng.random(2500) < 0.5)
    n_s = np.cumsum(counts)
    periods = rng.integers(94, 251, 80)
    ics = 500 + np.cumsum(periods + np.where(rng.random(80) < 0.1, rng.integers(0, 700, 80), 0))
    rows = []
    for r in strides_at(ics, rng.integers(0, 5, 80) > 0, periods):
        batch = int(np.searchsorted(n_s, r[f.IC] + 60, side="right")) + 1
        if batch <= len(n_s):
            rows.append((*r[: f.BATCH], batch, *r[f.BATCH + 1 :]))
    params = cadence(cadence_up_permille=up, cadence_beat_ms=beat_ms)
    assert list(beats(rows, batches(counts, brought), params)) == literal(rows, n_s.tolist(), brought, params)


def test_a_run_beats_and_does_not_cue(params):
    bumps = np.array([0.0] * 38 + [8.0] * 3)
    result = run(runner(41, bumps), params | {"cue_mode": 2}, record())
    assert result.column("reason")[34:] == [f.R_WITHIN] * 4 + [f.R_CADENCE] * 3
    assert result.beats[0] == (result.strides[33][f.BATCH], 0, 40)
    n_s = [-(-104 * batch // 25) for batch, _, _ in result.beats]
    at = [n + delay_us / 4800 for n, (_, delay_us, _) in zip(n_s, result.beats, strict=True)]
    # a batch of 5 samples may find a beat up to 13/16 of a sample late
    assert np.abs(np.diff(at) - STEP / 2 / 1.075).max() < 0.85 and at[-1] > FIRST_IC + 40 * STEP
    assert run(runner(41, bumps), params, record()).beats == ()
