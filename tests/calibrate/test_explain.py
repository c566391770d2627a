"""What is said of a donning is what the reference found, and true of the built-in runner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kneecore import params
from kneesleeve import reference
from kneesleeve.recordings import Drained, Recording, drain
from kneesleeve.recordings.rotations import mounting
from kneesleeve.report.explained_rows import facts, score_table
from kneesleeve.report.explained_turns import turns
from kneesleeve.report.explained_words import headline
from kneesleeve.services.explain import explain

from .conftest import explained, runner, swapped, turned, upside_down, wobbling

THIGH_SHARE = 0.62  # of the standing flexion the thigh leans back, the shank forward by the rest


def test_the_record_is_the_references_own(good: Recording, good_drained: Drained) -> None:
    e = explained(good)
    assert e.calibration is not None
    assert (e.calibration.record(), e.batch) == reference.calibrate(good_drained, params.defaults() | {"side": 1})


def test_first_line_of_an_accepted_donning(good: Recording) -> None:
    e = explained(good)
    assert e.calibration is not None and e.flex is not None
    assert headline(e) == (
        f"Accepted, quality {e.calibration.quality} of 100: five squats, the bending axis is clear, "
        f"the flex sensor follows within {e.flex.rms_deg:.1f}°."
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: runner(stand_s=1.0, squats=14)[0], "Refused: moved while standing (in 30 s the longest stillness"),
        (lambda: runner(squats=2, settle_s=8.0)[0], "Refused: fewer than three squats (two of the 3"),
        (lambda: runner(squat_depth_deg=35.0, settle_s=6.0)[0], "Refused: squats too shallow (the deepest of five"),
        (lambda: runner(squats=18)[0], "Refused: no end: stand still after the squats ("),
        (lambda: wobbling(runner()[0]), "Refused: the squats do not show a clear bending axis ("),
        (lambda: upside_down(runner()[0]), "Refused: a sensor is upside down or badly turned (the thigh sensor is 1"),
        (lambda: swapped(runner()[0]), "Refused: thigh and shank sensors are swapped or badly turned (the "),
    ],
)
def test_first_line_of_a_refusal(make: Callable[[], Recording], words: str) -> None:
    e = explained(make())
    assert headline(e).startswith(words)
    assert headline(e).count(". ") == 1 and headline(e).endswith(".")  # what was wrong, what to do
    assert ("standing", "not found") in [(name, text[:9]) for name, text in facts(e)] or e.stood is not None


def test_each_reason_has_been_met() -> None:
    makes = test_first_line_of_a_refusal.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert [explained(make()).as_json()["reason"] for make, _ in makes] == [1, 2, 3, 4, 5, 6, 7]


def test_a_recording_that_ends_too_early(good_drained: Drained) -> None:
    from kneesleeve.sessions.raw import first_batches

    values = params.defaults() | {"side": 1}
    assert "before standing still was found" in headline(explain(first_batches(good_drained, 100), values))
    assert "before the squats were over (two squats)" in headline(explain(first_batches(good_drained, 790), values))
    assert headline(explain(first_batches(good_drained, 0), values)).startswith("Not finished")


def test_without_a_flex_sensor(good: Recording) -> None:
    e = explained(replace(good, flex_mv=None))
    assert headline(e).endswith("there is no flex sensor.")
    assert dict(facts(e))["flex sensor"].startswith("none")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_misalignment_is_the_runners(seed: int) -> None:
    """Nobody squats about the bone's axis: where it is for this runner, straight sensors on the same legs tell."""
    recording, truth = runner(seed)
    straight = explained(runner(seed, misalignment_deg=0.0)[0]).calibration
    assert straight is not None
    leans_deg = {"thigh": -THIGH_SHARE * truth.stand_flex_deg, "shank": (1 - THIGH_SHARE) * truth.stand_flex_deg}
    for sensor in explained(recording).sensors:
        matrix = truth.mounting_thigh if sensor.name == "thigh" else truth.mounting_shank
        rows = straight.thigh_rows if sensor.name == "thigh" else straight.shank_rows
        lean = np.radians(leans_deg[sensor.name])
        vertical, axis = np.array([-np.sin(lean), 0.0, np.cos(lean)]), np.array(rows[1]) / 8192
        assert sensor.tilt_deg == pytest.approx(np.degrees(np.arccos(matrix[:, 2] @ vertical)), abs=2)
        assert sensor.axis_deg == pytest.approx(np.degrees(np.arccos(matrix[:, 1] @ axis)), abs=2)


@pytest.mark.parametrize(
    ("angles_deg", "field", "words"),
    [
        ((0.0, 0.0, 20.0), "about_long_deg", "inward about the long axis"),
        ((0.0, 20.0, 0.0), "forward_deg", "forward"),
        ((-20.0, 0.0, 0.0), "left_deg", "inward"),
    ],
)
def test_a_turned_sensor_is_told_in_turns(angles_deg: tuple[float, float, float], field: str, words: str) -> None:
    straight, _ = runner(misalignment_deg=0.0)
    crooked = turned(straight, "shank", mounting(np.array(angles_deg)).T)
    before, after = explained(straight).sensors[1], explained(crooked).sensors[1]
    assert getattr(after, field) - getattr(before, field) == pytest.approx(20, abs=2)
    assert words in turns(after, "R")


def test_squats_are_the_runners() -> None:
    recording, truth = runner(squats=4)
    squats = explained(recording).squats
    assert [squat.kind for squat in squats] == ["good"] * 4
    for squat in squats:
        flexion_deg = float(truth.flexion_deg[round(208 * squat.at_s)]) - truth.stand_flex_deg
        assert squat.depth_deg == pytest.approx(flexion_deg, abs=5)


def test_score_adds_up_to_the_quality() -> None:
    e = explained(runner(squat_depth_deg=43.0, squats=12)[0])
    assert e.status == "accepted" and e.count("shallow") > 0
    rows = score_table(e)[1]
    assert sum(int(str(points)) for points, _ in rows[:-1]) == rows[-1][0]  # type: ignore[misc]


def test_bias_and_flex_map_are_the_runners() -> None:
    recording = drain(runner(gyro_bias_dps=0.0)[0])
    e = explain(recording, params.defaults() | {"side": 1})
    assert e.stood is not None and e.flex is not None
    assert max(map(abs, (*e.stood.thigh_bias_dps, *e.stood.shank_bias_dps))) < 0.3  # swaying
    assert e.flex.deg_per_mv_standing == pytest.approx(e.flex.deg_per_mv_at_60, rel=0.3)
    assert e.flex.low_mv < e.flex.standing_mv < e.flex.high_mv
