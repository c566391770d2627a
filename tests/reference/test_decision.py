"""docs/detector.md §6, §7: baseline, threshold, every reason."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from kneecore import stride as f
from kneesleeve.reference.decide import Measured, decide


def measured(collapse: Sequence[int], judged=None, stride=146, delay=75, clear=0) -> Measured:
    """Strides of one period with the given collapses; `now` comes `delay` samples after contact."""
    n = len(collapse)
    ic = 1000 + 146 * np.arange(n)
    full = np.full
    return Measured(
        ic, ic + 52, full(n, stride), np.arange(n) + 1, ic + delay, full(n, 3000),
        np.ones(n, int) if judged is None else np.array(judged), np.array(collapse), np.array(collapse) + 7,
        full(n, 9000), full(n, 20000), full(n, 45000), full(n, 1500), full(n, 4000), full(n, 30), full(n, 8000),
        full(n, 5000), full(n, 3), full(n, 4),
    )  # fmt: skip


def reasons(records) -> list[int]:
    return [r[f.REASON] for r in records]


LEARNT = [9999] * 6 + [1000] * 14 + [1100] * 14  # baseline 1050, spread 50


def test_baseline_is_the_median_of_strides_7_to_34(params):
    records = decide(measured([*LEARNT, 1050, 1050]), params)
    assert reasons(records) == [f.R_LEARNING] * 34 + [f.R_WITHIN] * 2
    assert {r[f.BASELINE] for r in records[:34]} == {f.NULL}
    assert (records[34][f.BASELINE], records[34][f.THRESHOLD]) == (1050, 2000)


def test_threshold_grows_with_the_spread(params):
    wide = [0] * 6 + [0] * 14 + [2000] * 14  # baseline 1000, spread 1000
    assert decide(measured([*wide, 0]), params)[34][f.THRESHOLD] == params["threshold_cap_mdeg"] < 4000
    params["threshold_cap_mdeg"] = 15000
    assert decide(measured([*wide, 0]), params)[34][f.THRESHOLD] == (1000 * 14826 // 10000) * 300 // 100


def test_over_hysteresis_and_adaptation(params):
    records = decide(measured([*LEARNT, 3050, 3051, 2751, 2750, 2750]), params)
    shown = [(r[f.OVER], r[f.BASELINE], r[f.THRESHOLD]) for r in records[34:]]
    # the first, not over, moves base16 by min((16·3050 - 16800) >> 6, 320) = 320
    assert shown == [(0, 1050, 2000), (0, 1070, 2000), (0, 1090, 2000), (0, 1110, 2000), (0, 1130, 2000)]
    records = decide(measured([*LEARNT, 3051, 2751, 2750, 2750]), params)
    assert [(r[f.OVER], r[f.THRESHOLD]) for r in records[34:]] == [(1, 2000), (1, 1700), (0, 1700), (0, 2000)]


def test_decides_by_the_corrected_collapse_and_shows_both(params):
    last = decide(measured([*LEARNT, 3046]), params)[34]  # raw 3053 would be over
    assert (last[f.COLLAPSE], last[f.RAW_COLLAPSE], last[f.OVER]) == (3046, 3053, 0)


def test_unjudged_strides_have_no_collapse_and_do_not_count(params):
    records = decide(measured([*LEARNT, 5050, 5050, 1050], judged=[1] * 5 + [0] + [1] * 29 + [0, 1]), params)
    nulls = {f.FIELD_NAMES[i] for i, v in enumerate(records[5]) if v == f.NULL}
    assert nulls == {
        "collapse_mdeg", "raw_collapse_mdeg", "excursion_mdeg", "baseline_mdeg", "threshold_mdeg",
        "abduction_at_ic_mdeg", "abduction_peak_mdeg", "peak_samples", "shank_range_mdeg", "thigh_range_mdeg",
    }  # fmt: skip
    assert records[34][f.BASELINE] == f.NULL  # only the 34th judged one
    assert reasons(records)[35] == f.R_UNJUDGED and records[35][f.BASELINE] == f.NULL
    assert records[36][f.BASELINE] != f.NULL


def test_an_unjudged_stride_shows_what_is_in_force(params):
    records = decide(measured([*LEARNT, 5050, 0], judged=[1] * 35 + [0]), params)
    assert (records[35][f.BASELINE], records[35][f.THRESHOLD], records[35][f.OVER]) == (1050, 1700, 0)


def over(params, n=1, **kw):
    return decide(measured([*LEARNT, *[5050] * n], **kw), params)[34:]


def test_cued_with_a_pulse_that_grows_with_the_excess(params):
    r = over(params)[0]
    # excess 5050 - 1050 - 2000 = 2000 mdeg, 40 ms/deg -> 100 + 80
    assert (r[f.REASON], r[f.CUE_MS], r[f.CUE_BATCH]) == (f.R_CUED, 180, 35)


def test_room_limits_the_pulse(params):
    assert over(params, delay=83)[0][f.CUE_MS] == 180
    assert over(params, stride=120, delay=83)[0][f.CUE_MS] == (120 - 6 - 83) * 625 // 130
    assert over(params, stride=109, delay=83)[0][f.REASON] == f.R_NO_ROOM


@pytest.mark.parametrize("delay, reason", [(84, f.R_LATE), (83, f.R_CUED)])
def test_late(params, delay, reason):
    assert over(params, delay=delay)[0][f.REASON] == reason


@pytest.mark.parametrize("mode, reason", [(0, f.R_QUIET), (1, f.R_LATE), (2, f.R_CADENCE)])
def test_only_the_valgus_mode_cues(params, mode, reason):
    """Before k of n, the schedule and the delay are looked at."""
    params |= {"cue_mode": mode, "cue_n": 2, "cue_k": 1 if mode == 1 else 2}
    shown = over(params, delay=90)[0]
    assert (shown[f.REASON], shown[f.CUE_MS], shown[f.OVER]) == (reason, 0, 1)


def test_every_column_has_its_place(params):
    """Each of the 25 fields shows the number that was put there, none twice."""
    record = decide(measured([1050]), params)[0]
    named = dict(zip(f.FIELD_NAMES, record, strict=True))
    null = f.NULL
    assert named == {
        "index": 0, "ic": 1000, "to": 1052, "judged": 1, "over": 0, "collapse_mdeg": 1050, "raw_collapse_mdeg": 1057,
        "excursion_mdeg": 9000, "baseline_mdeg": null, "threshold_mdeg": null, "flexion_at_ic_mdeg": 20000,
        "flexion_peak_mdeg": 45000, "jerk": 3000, "stride_samples": 146, "reason": f.R_LEARNING, "cue_ms": 0,
        "cue_batch": 0, "batch": 1, "abduction_at_ic_mdeg": 1500, "abduction_peak_mdeg": 4000, "peak_samples": 30,
        "shank_range_mdeg": 8000, "thigh_range_mdeg": 5000, "clipped_samples": 3, "lost_samples": 4,
    }  # fmt: skip


def test_k_of_n(params):
    params |= {"cue_k": 2, "cue_n": 3}
    records = decide(measured([*LEARNT, 5050, 1050, 5050, 1050, 1050, 5050]), params)
    assert reasons(records[34:]) == [f.R_K_OF_N, f.R_WITHIN, f.R_CUED, f.R_WITHIN, f.R_WITHIN, f.R_K_OF_N]


@pytest.mark.parametrize(
    "run, cued",
    [(4, [1, 1, 1, 1]), (5, [0, 1, 1, 1]), (6, [0, 1, 0, 1]), (7, [0, 0, 0, 1]), (8, [0, 0, 0, 0]), (99, [0, 0, 0, 0])],
)
def test_faded_schedule(params, run, cued):
    params["run_number"] = run
    assert [int(r == f.R_CUED) for r in reasons(over(params, 4))] == cued


def test_duty(params):
    params |= {"cue_min_ms": 200, "cue_max_ms": 300, "cue_gain_ms_per_deg": 200}
    records = over(params, 90, delay=70)
    lengths = [r[f.CUE_MS] for r in records]
    assert lengths[0] == 300 and all(r == f.R_CUED for r in reasons(records[:40]))
    assert sum(lengths[:86]) == 12000 and f.R_DUTY in reasons(records)  # 86 strides of 146 samples are 60.4 s
    first_again = next(i for i in range(45, 90) if lengths[i])
    assert first_again == 86 and 146 * 86 >= 12480 > 146 * 85
