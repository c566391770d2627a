"""The parameter schema: what is wrong is named with parameter, value and range."""

from __future__ import annotations

import pytest

from kneecore.params import NAMES, TABLE, defaults, problem


def test_defaults_are_valid_and_complete():
    assert problem(defaults()) == "" and tuple(defaults()) == NAMES
    assert all(lo <= default <= hi for _, default, lo, hi, _ in TABLE)


@pytest.mark.parametrize("row", TABLE, ids=NAMES)
def test_each_value_out_of_range_is_named(row):
    name, _, lo, hi, unit = row
    for wrong in (lo - 1, hi + 1, None, "5", 1.5):
        said = problem(defaults() | {name: wrong})
        assert said == f"{name} = {wrong} is outside {lo} ... {hi} {unit}".rstrip()


@pytest.mark.parametrize("row", TABLE, ids=NAMES)
def test_a_missing_parameter_is_named(row):
    params = defaults()
    del params[row[0]]
    assert problem(params).startswith(f"{row[0]} = None is outside")


@pytest.mark.parametrize(
    "pair, said",
    [
        ({"cue_k": 3, "cue_n": 2}, "cue_k = 3 is more than cue_n = 2"),
        ({"cue_min_ms": 200, "cue_max_ms": 199}, "cue_min_ms = 200 is more than cue_max_ms = 199"),
        (
            {"threshold_floor_mdeg": 4000, "threshold_cap_mdeg": 3999},
            "threshold_floor_mdeg = 4000 is more than threshold_cap_mdeg = 3999",
        ),
    ],
)
def test_pairs_that_contradict_each_other(pair, said):
    assert problem(defaults() | pair) == said


def test_the_corners_of_every_range_are_valid():
    for end in (2, 3):
        corner = {row[0]: row[end] for row in TABLE}
        assert problem(corner) == "", corner
