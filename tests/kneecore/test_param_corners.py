"""Every parameter reaches what uses it: its lowest and highest value give different runs, equal to the reference."""

from __future__ import annotations

import pytest
from core_runs import difference, drain, params_for, runner

from kneecore.params import ORDERED, TABLE, problem
from kneesleeve.engines import core
from kneesleeve.reference import engine as reference

ENDS = {name: (lowest, highest) for name, _, lowest, highest, _ in TABLE}
# what lets a parameter be seen: a metronome for the cadence, a wide pulse for its bounds, ...
BESIDE = {
    "cadence_up_permille": {"cue_mode": 2},
    "cadence_beat_ms": {"cue_mode": 2},
    "cue_min_ms": {"cue_gain_ms_per_deg": 0},
    "cue_max_ms": {"cue_min_ms": 60, "cue_gain_ms_per_deg": 200},
    "cue_gain_ms_per_deg": {"cue_min_ms": 60},
    "cue_k": {"cue_n": 8},
    "cue_n": {"cue_k": 2},  # so its lowest is 2 here; where k is 1, n has nothing to count
    "spread_gain_pct": {"threshold_floor_mdeg": 500, "threshold_cap_mdeg": 15000},
    "threshold_floor_mdeg": {"threshold_cap_mdeg": 15000},
    "threshold_cap_mdeg": {"threshold_floor_mdeg": 500},
    "hysteresis_pct": {"threshold_floor_mdeg": 3000},
}


@pytest.mark.parametrize("name", ENDS)
def test_both_ends_are_taken_and_differ(name):
    recording = runner()
    results = []
    for end in (0, 1):
        params = params_for(recording, **BESIDE.get(name, {}))
        params[name] = max(ENDS[name][end], params["cue_k"] if name == "cue_n" else 0)
        assert problem(params) == ""
        found = core.run(drain(recording), params)
        assert difference(found, reference.run(drain(recording), params)) == ""
        results.append(found)
    assert difference(*results), f"{name} changes nothing between {ENDS[name]}"


def test_the_pairs_that_order_each_other_are_parameters():
    assert {name for pair in ORDERED for name in pair} <= set(ENDS)
