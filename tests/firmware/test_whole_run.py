"""A run as its wearer has it: button, donning, running, cues in the swing, button; and its record afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lives import (
    ACCEPTED_BUZZ_MS,
    ONLY_AT_BOOT,
    REASONS,
    REFUSED_BUZZ_MS,
    STOOD_BUZZ_MS,
    Life,
    config_of,
    live,
    make_image,
    pulses,
    runner,
)

from kneecore import stride as f
from kneecore.params import defaults
from kneesleeve.engines import core
from kneesleeve.recordings.drain import drain
from kneesleeve.services.verify import verify


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """One good run, on the fixed drain schedule."""
    return live(make_image(Path(tmp_path_factory.mktemp("run")) / "flash.img"), runner())


def test_the_record_holds_the_motion_sample_by_sample(life):
    recorded, played = life.session.drained, drain(runner())
    n = len(played.shank_gyro)
    assert (recorded.shank_gyro[:n] == played.shank_gyro).all() and (
        recorded.thigh_accel[:n] == played.thigh_accel
    ).all()
    assert (recorded.n_shank[: len(played)] == played.n_shank).all()
    assert (recorded.ticks_us[: len(played)] == played.ticks_us).all()
    assert (recorded.flex_mv[: len(played)] == played.flex_mv).all()


def test_every_stride_is_that_of_the_core_on_cpython(life):
    expected = core.run(drain(runner()), defaults())
    assert life.session.strides == expected.strides and len(expected.strides) > 40
    assert life.session.calibration == expected.calibration
    assert life.session.accepted_batch == expected.accepted_batch
    assert verify(life.session).verdict == "exact"


def test_the_motor_does_what_the_strides_say(life):
    """On at the command's batch, for exactly cue_ms; besides there are only the two buzzes of the donning."""
    cued = [s for s in life.session.strides if s[f.CUE_MS]]
    stood = next(e.batch for e in life.session.events if e.name == "stood")
    wanted = [(20_000 * stood, STOOD_BUZZ_MS), (20_000 * life.session.accepted_batch, ACCEPTED_BUZZ_MS)]
    wanted += [(20_000 * s[f.CUE_BATCH], s[f.CUE_MS]) for s in cued]
    assert pulses(life.motor) == wanted and len(cued) >= 4


def test_events_tell_the_story_in_order(life):
    cues = [("motor_on", s[f.CUE_MS]) for s in life.session.strides if s[f.CUE_MS]]
    offs = [("motor_off", ms) for _, ms in cues]
    story = [
        ("state", 2),
        ("stood", 0),
        ("buzz", 80),
        ("accepted", life.session.calibration[1]),
        ("buzz", 400),
        ("state", 3),
    ]
    events = life.codes()
    assert events[:6] == story and events[-2:] == [("button", 1), ("state", 4)]
    assert events[6:-2] == [e for pair in zip(cues, offs, strict=True) for e in pair]


def test_the_session_is_closed_by_the_button_and_counts_right(life):
    close = life.session.close
    assert close is not None and close.reason == REASONS["button"]
    assert close.strides == len(life.session.strides)
    assert close.cues == sum(s[f.CUE_MS] > 0 for s in life.session.strides)
    assert life.session.whole


def test_the_led_is_lit_during_the_run_and_dark_after(life):
    last = life.session.drained.ticks_us[-1]
    assert life.led[0][1] == 0 or life.led[0][0] >= last  # it was lit before the motion began
    assert [level for _, level in life.led][:1] == [0] and life.led[0][0] >= last - 20_000


def test_info_after_the_run(life):
    info = life.info
    assert (info["state"], info["sessions"], info["last_fault"], info["problem"]) == ("idle", 1, 0, "")
    assert info["params"] == defaults() and info["battery_mv"] == 3900
    assert info["device"] == "7c9ebd4a1e02" and info["board"] == "esp32_devkit" and info["free_bytes"] > 0


def test_meta_describes_the_session(life):
    meta = life.session.meta
    assert meta["params"] == defaults() and tuple(row[0] for row in meta["stride_fields"]) == f.FIELD_NAMES
    assert (meta["rate_hz"], meta["session"], meta["calibration_given"]) == (208, life.session.session_id, None)


def test_clock_errors_of_both_chips_are_verified_exactly(tmp_path):
    life = live(make_image(tmp_path / "flash.img"), runner(), thigh_ppm=20_000, shank_ppm=-15_000, charge_bus=True)
    assert verify(life.session).verdict == "exact" and len(life.session.strides) > 40
    assert len(pulses(life.motor)) >= 5
    total = life.session.drained
    assert total.n_thigh.sum() / total.n_shank.sum() == pytest.approx(1.02 / 0.985, rel=1e-3)


def test_a_refused_donning_is_told_by_a_long_buzz_and_ends_the_run(tmp_path):
    recording = runner(squats=2, settle_s=8.0, run_s=2.0)
    life = live(make_image(tmp_path / "flash.img"), recording, presses=ONLY_AT_BOOT)
    assert life.session.calibration is not None and life.session.calibration[0] == 2
    assert life.session.close is not None and life.session.close.reason == REASONS["fault"]
    assert ("refused", 2) in life.codes() and life.info["last_fault"] == 9
    assert [ms for _, ms in pulses(life.motor)] == [STOOD_BUZZ_MS, REFUSED_BUZZ_MS]


def test_a_calibration_in_the_configuration_skips_the_donning(tmp_path):
    calibration = list(core.run(drain(runner()), defaults()).calibration or ())
    life = live(make_image(tmp_path / "flash.img", config=config_of(calibration)), runner())
    expected = core.run(drain(runner()), defaults(), calibration)
    assert life.session.calibration_given and life.session.strides == expected.strides
    verdict = verify(life.session)
    assert (verdict.calibration, verdict.verdict) == ("given", "exact")


def test_two_runs_in_a_row_are_two_sessions(tmp_path):
    image = make_image(tmp_path / "flash.img")
    first = live(image, runner())
    second = live(image, runner())
    assert [s.session_id for s in second.sessions] == [1, 2]
    assert second.sessions[0].strides == second.sessions[1].strides == first.session.strides


def test_the_metronome_beats_between_the_batches(tmp_path):
    """Beats of 40 ms, a period steady to a sample and a bit, 7.5 % over the wearer's steps; the check knows them."""
    life = live(make_image(tmp_path / "flash.img", config=config_of(cue_mode=2)), runner())
    beats = [(at, ms) for at, ms in pulses(life.motor) if ms == 40]
    periods = np.diff([at for at, _ in beats])
    own_us = np.median([s[f.STRIDE_SAMPLES] for s in life.session.strides]) / 208 * 1e6 / 2
    assert len(beats) > 20 and np.ptp(periods) < 6000 and abs(np.median(periods) * 1.075 / own_us - 1) < 0.02
    assert verify(life.session).verdict == "exact" and not any(s[f.CUE_MS] for s in life.session.strides)
