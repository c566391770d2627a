"""Verify: what is equal is exact, and the first difference is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from block_writers import BLOCK
from session_files import CALIBRATION, CUE_MS, FakeReference, SessionFile, run_session
from session_files import MOTOR_OFF as E_MOTOR_OFF
from session_files import MOTOR_ON as E_MOTOR_ON

from kneecore.stride import BATCH, COLLAPSE, FIELD_NAMES, NULL
from kneesleeve.reference import Detection
from kneesleeve.services.verdict import Verdict
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import open_session
from kneesleeve.sessions.session import Session

New = Callable[..., SessionFile]
E_BUZZ = 9


def opened(path: Path, content: bytes | SessionFile) -> Session:
    path.write_bytes(content.data() if isinstance(content, SessionFile) else content)
    return open_session(path)


def verdict_of(path: Path, made: SessionFile, reference: FakeReference | None = None) -> Verdict:
    return verify(opened(path, made), reference or FakeReference(made.strides))


def changed(stride: tuple[int, ...], field: int, value: int) -> tuple[int, ...]:
    return (*stride[:field], value, *stride[field + 1 :])


def test_equal_is_exact(path: Path, run: New) -> None:
    v = verdict_of(path, run(300))
    assert (v.verdict, v.calibration, v.checked_share, v.exit_code) == ("exact", "exact", 1.0, 0)
    assert v.checked_strides == v.strides == 8 and v.checked_cues == 2


@pytest.mark.parametrize("field", range(len(FIELD_NAMES)))
def test_every_field_counts(path: Path, field: int, run: New) -> None:
    made = run()
    theirs = list(made.strides)
    theirs[2] = changed(theirs[2], field, theirs[2][field] - 1)
    v = verdict_of(path, made, FakeReference(theirs))
    assert v.verdict == "differs" and v.exit_code == 1
    assert v.difference and (v.difference.what, v.difference.field) == ("stride 2", FIELD_NAMES[field])


def test_a_difference_names_both_values_and_the_time(path: Path, run: New) -> None:
    made = run()
    v = verdict_of(path, made, FakeReference([changed(s, COLLAPSE, NULL) for s in made.strides]))
    assert v.difference
    assert str(v.difference) == "stride 0 at 0.385 s, collapse_mdeg: recorded 1000, recomputed nothing"


def test_a_stride_too_few(path: Path, run: New) -> None:
    made = run()
    v = verdict_of(path, made, FakeReference([*made.strides, changed(made.strides[-1], BATCH, 190)]))
    assert v.difference and v.difference.field == "present" and v.difference.recorded is None


def test_a_stride_too_many(path: Path, run: New) -> None:
    made = run()
    v = verdict_of(path, made, FakeReference(made.strides[:-1]))
    assert v.difference and v.difference.field == "present" and v.difference.recomputed is None


def test_another_calibration_is_told_apart(path: Path, run: New) -> None:
    made = run()
    v = verdict_of(path, made, FakeReference(made.strides, changed(CALIBRATION, 1, 91)))
    assert v.calibration == "differs" and v.exit_code == 1
    assert v.difference and (v.difference.field, v.difference.recorded, v.difference.recomputed) == ("quality", 90, 91)


def test_another_accepted_batch_is_a_difference(path: Path, run: New) -> None:
    made = run()
    v = verdict_of(path, made, FakeReference(made.strides, batch=11))
    assert v.difference and v.difference.field == "batch"


def test_a_given_calibration_is_not_recomputed(path: Path, new: New) -> None:
    made = new(calibration_given=list(CALIBRATION))
    made.raw(1)
    made.close(1)
    reference = FakeReference([])
    v = verdict_of(path, made, reference)
    assert (v.verdict, v.calibration, reference.calls) == ("exact", "given", ["detect"])


def test_a_refused_donning_is_checked(path: Path, new: New) -> None:
    refusal = (2, *[0] * 31)
    made = new()
    for batch in range(1, 6):
        made.raw(batch)
    made.calibration(5, refusal)
    made.close(5)
    v = verdict_of(path, made, FakeReference([], refusal, 5))
    assert (v.verdict, v.calibration, v.exit_code) == ("exact", "exact", 0)


def test_a_donning_that_did_not_end_is_not_verifiable(path: Path, new: New) -> None:
    made = new()
    made.raw(1)
    made.close(1)
    v = verdict_of(path, made, FakeReference([]))
    assert (v.verdict, v.calibration, v.exit_code) == ("unverifiable", "none", 4)


def test_strides_only_is_not_verifiable(path: Path, new: New) -> None:
    made = new()
    made.stride(batch=50)
    made.close(60)
    v = verdict_of(path, made)
    assert v.verdict == "unverifiable" and "raw" in v.reason and v.exit_code == 4


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"over": 1}, "over"),
        ({"cue_ms": 100, "cue_batch": 51}, "cue_ms"),
        ({"over": 1, "collapse_mdeg": 3000, "cue_ms": 100, "cue_batch": 49}, "cue_batch"),
        ({"index": 2}, "index"),
        ({"ic": 100}, "ic"),
        ({"batch": 40}, "batch"),
    ],
)
def test_strides_without_samples_that_contradict_themselves_differ(
    path: Path, wrong: dict[str, int], field: str
) -> None:
    made = SessionFile(level="strides")
    usual = {"judged": 1, "collapse_mdeg": 100, "threshold_mdeg": 2000}
    made.stride(**usual, index=0, ic=100, batch=50)
    made.stride(**usual | {"index": 1, "ic": 250, "batch": 51} | wrong)
    made.close(60)
    v = verdict_of(path, made)
    assert (v.verdict, v.exit_code) == ("differs", 1) and v.difference and v.difference.field == field


def test_an_end_record_that_counts_other_strides_differs(path: Path) -> None:
    made = SessionFile(level="strides")
    made.stride(ic=100, batch=50)
    made.strides.append(made.strides[0])  # counted by CLOSE, and not there
    made.close(60)
    v = verdict_of(path, made)
    assert v.exit_code == 1 and str(v.difference) == "the end record, strides: recorded 2, recomputed 1"


def test_windows_are_not_called_different(path: Path) -> None:
    """Their samples do not begin with the donning: nothing to recompute from, until `verify` starts at a STATE."""
    made = SessionFile(level="windows")
    made.calibration(10)
    for batch in range(100, 150):
        made.raw(batch)
    made.stride(batch=140)
    made.close(150)
    v = verdict_of(path, made)
    assert v.verdict == "unverifiable" and v.exit_code == 4


@pytest.mark.parametrize(("first", "lost"), [("state", ((0, 50),)), ("dropout", ())])
def test_a_state_knows_of_the_losses_before_it_and_not_of_those_behind_it(path: Path, first: str, lost: Any) -> None:
    """Both may be of the same batch: what stands first in the record came first."""
    made = SessionFile(level="windows")
    made.calibration(2)
    if first == "dropout":
        made.dropout(8, samples=50)
    made.state(8, b"any")
    if first == "state":
        made.dropout(8, samples=50)
    for batch in range(9, 30):
        made.raw(batch)
    made.close(29)
    seen: list[Any] = []

    def resume(state: bytes, drained: Any, *_: Any) -> Detection:
        seen.append(drained.losses)
        return Detection([])

    assert verify(opened(path, made), resume=resume).verdict == "exact" and seen == [lost]


def test_a_run_that_a_ctrl_c_ended_is_checked_up_to_the_batch_before(path: Path) -> None:
    """It may have come between the batch's samples and its strides; CLOSE may count a stride that is not there."""
    made = run_session(200, closed=False)
    cut = list(made.strides)
    made.strides.append(cut[-1])
    made.close(200, reason=2)
    late = changed(changed(cut[-1], BATCH, 200), FIELD_NAMES.index("index"), 99)
    v = verdict_of(path, made, FakeReference([*cut, late]))
    assert (v.verdict, v.checked_batches) == ("exact", 199)


def test_a_state_behind_the_last_sample_is_no_obstacle(path: Path) -> None:
    made = SessionFile(level="windows")
    made.calibration(2)
    made.raw(3)
    made.state(8, b"any")
    made.close(9)
    v = verify(opened(path, made), resume=lambda *_: Detection([]))
    assert v.verdict == "exact" and v.sections == [(9, 9)]


def test_without_meta_nothing_is_verifiable(path: Path, new: New) -> None:
    made = new(meta=False)
    made.raw(1)
    assert "META" in verdict_of(path, made).reason


def test_bad_parameters_are_named(path: Path, new: New) -> None:
    made = new(params={"arm_dps": 5})
    made.raw(1)
    made.close(1)
    assert "arm_dps = 5" in verdict_of(path, made).reason


def test_an_interrupted_session_is_exact_with_exit_3(path: Path, run: New) -> None:
    v = verdict_of(path, run(closed=False))
    assert (v.verdict, v.closed, v.exit_code, v.checked_batches) == ("exact", False, 3, 199)


def test_samples_that_the_sleeve_lost_are_no_obstacle(path: Path) -> None:
    """Its detector knew of the loss: the reference is told, and goes on."""
    made = run_session(100, closed=False)
    made.dropout(100)
    made.dropout(100, samples=44)
    for batch in range(101, 150):
        made.raw(batch)
    made.stride(index=len(made.strides), ic=460, batch=140)
    made.close(149)
    reference = FakeReference(made.strides)
    v = verdict_of(path, made, reference)
    assert (v.verdict, v.exit_code, v.checked_share) == ("exact", 3, 1.0)
    assert reference.batches == 149 and reference.losses == ((100, 300),)


def test_samples_that_only_the_record_lacks_end_the_check(path: Path) -> None:
    made = run_session(100, closed=False)
    made.dropout(100, cause=3)
    for batch in range(103, 150):
        made.raw(batch)
    made.close(149)
    reference = FakeReference(made.strides)
    v = verdict_of(path, made, reference)
    assert v.verdict == "exact" and v.exit_code == 3 and reference.batches == v.checked_batches == 99


def test_a_dropout_of_format_1_ends_the_check(path: Path) -> None:
    """Its detector began anew in another way."""
    made = run_session(100, closed=False, version=1)
    made.dropout(100)
    for batch in range(101, 150):
        made.raw(batch)
    made.stride(index=len(made.strides), ic=460, batch=140)
    made.close(149)
    reference = FakeReference(made.strides[:-1])
    v = verdict_of(path, made, reference)
    assert v.verdict == "exact" and v.exit_code == 3 and reference.batches == v.checked_batches == 99
    assert 0.6 < v.checked_share < 0.7 and "256 samples" in v.loss[0]


def test_a_hole_in_the_file_ends_the_check(path: Path, run: New) -> None:
    made = run(400)
    data = bytearray(made.data())
    data[3 * BLOCK + 100] ^= 1
    v = verify(opened(path, bytes(data)), FakeReference(made.strides))
    assert v.verdict == "exact" and v.exit_code == 3 and 0.1 < v.checked_share < 0.5
    assert 0 < v.checked_strides < v.strides


def test_a_hole_before_the_donning_ended_leaves_nothing_to_check(path: Path, run: New) -> None:
    made = run()
    data = bytearray(made.data())
    data[700] ^= 1
    v = verify(opened(path, bytes(data)), FakeReference(made.strides))
    assert v.verdict == "unverifiable" and v.exit_code == 4


def motor_session(new: New, events: list[tuple[int, int, int]], batches: int = 60) -> SessionFile:
    """One stride cued in batch 20, with these motor events."""
    s = new(calibration_given=list(CALIBRATION))
    for batch in range(1, batches + 1):
        s.raw(batch)
        if batch == 20:
            s.stride(ic=30, judged=1, collapse_mdeg=1, over=1, cue_ms=CUE_MS, cue_batch=20, batch=20)
        for event in events:
            if event[0] == batch:
                s.event(*event)
    s.close(batches)
    return s


def test_a_cue_that_was_given(path: Path, new: New) -> None:
    made = motor_session(new, [(20, E_MOTOR_ON, CUE_MS), (26, E_MOTOR_OFF, CUE_MS + 40)])
    assert verdict_of(path, made).verdict == "exact"


def test_a_cue_without_its_pulse(path: Path, new: New) -> None:
    v = verdict_of(path, motor_session(new, []))
    assert v.difference and (v.difference.what, v.difference.field) == ("motor for stride 0", "motor_on_ms")


def test_a_pulse_in_another_batch(path: Path, new: New) -> None:
    v = verdict_of(path, motor_session(new, [(21, E_MOTOR_ON, CUE_MS), (27, E_MOTOR_OFF, CUE_MS)]))
    assert v.verdict == "differs"


def test_a_pulse_of_another_length(path: Path, new: New) -> None:
    v = verdict_of(path, motor_session(new, [(20, E_MOTOR_ON, 200), (30, E_MOTOR_OFF, 200)]))
    assert v.difference and (v.difference.recorded, v.difference.recomputed) == (200, CUE_MS)


def test_a_pulse_that_stayed_on_too_long(path: Path, new: New) -> None:
    v = verdict_of(path, motor_session(new, [(20, E_MOTOR_ON, CUE_MS), (29, E_MOTOR_OFF, CUE_MS + 41)]))
    assert v.difference and v.difference.field == "motor_off_ms"


def test_a_pulse_that_never_ended(path: Path, new: New) -> None:
    v = verdict_of(path, motor_session(new, [(20, E_MOTOR_ON, CUE_MS)]))
    assert v.difference and v.difference.field == "motor_off_ms"


def test_a_pulse_cut_by_the_end_of_the_session(path: Path, new: New) -> None:
    assert verdict_of(path, motor_session(new, [(20, E_MOTOR_ON, CUE_MS)], batches=24)).verdict == "exact"


def test_a_pulse_that_nobody_asked_for(path: Path, new: New) -> None:
    events = [(20, E_MOTOR_ON, CUE_MS), (26, E_MOTOR_OFF, CUE_MS), (40, E_MOTOR_ON, 100), (45, E_MOTOR_OFF, 100)]
    v = verdict_of(path, motor_session(new, events))
    assert v.difference and v.difference.what == "motor in batch 40"


def test_a_buzz_that_is_no_cue_is_fine(path: Path, new: New) -> None:
    events = [(20, E_MOTOR_ON, CUE_MS), (26, E_MOTOR_OFF, CUE_MS), (40, E_BUZZ, 400)]
    assert verdict_of(path, motor_session(new, events)).verdict == "exact"


def test_the_verdict_as_json_has_its_exit_code(path: Path, run: New) -> None:
    made = run()
    shown = verdict_of(path, made, FakeReference(made.strides[1:])).as_json()
    assert shown["exit_code"] == 1 and shown["difference"]["what"] == "stride 0"


@pytest.mark.parametrize(
    "recorded", [[], [(21, 14, 6000 * 64 + 40)], [(20, 14, 6300 * 64 + 40)], [(20, 14, 6000 * 64 + 41)]]
)
def test_a_beat_that_is_missing_or_differs(path: Path, recorded: list[tuple[int, int, int]]) -> None:
    made = SessionFile(calibration_given=list(CALIBRATION))
    for batch in range(1, 40):
        made.raw(batch)
        for event in recorded:
            if event[0] == batch:
                made.event(*event)
    made.close(39)
    expected = FakeReference([])
    expected.beats = ((20, 6000, 40),)
    v = verify(opened(path, made), expected)
    assert v.verdict == "differs" and v.difference and v.difference.what == "beat 0"


def test_a_bias_refresh_that_was_not_recorded(path: Path) -> None:
    made = run_session(300)
    expected = FakeReference(made.strides)
    expected.refreshes = (250,)
    assert str(verify(opened(path, made), expected).difference).startswith("bias refresh 0")
