"""One change of the configuration, cut at every operation of the flash; its file damaged in every bit, cut short."""

from __future__ import annotations

import pytest
from config_world import CALIBRATION, NO_CODE, TABLE, Sleeve, config
from littlefs_model import OUTCOMES, LfsFlash

from kneecore import faults
from kneesleeve.parameters.configuration import file_bytes

LOW, HIGH = {row[0]: row[2] for row in TABLE}, {row[0]: row[3] for row in TABLE}  # long: littlefs gives them blocks
FIRST, SECOND = (LOW, CALIBRATION), (HIGH, None)


def with_two() -> Sleeve:
    """A sleeve whose stored and last good configuration differ."""
    sleeve = Sleeve(LfsFlash(), fresh=True)
    assert sleeve.put({"run_number": 2}) == sleeve.put(*FIRST) == NO_CODE
    return sleeve


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_cut_anywhere_in_a_change_leaves_the_old_or_the_new_one(outcome):
    """The case that fails is its operation and outcome."""
    seen, operation = [], 0
    while flash := (sleeve := with_two()).cut_in(operation, outcome, lambda s=sleeve: s.put(*SECOND)):
        after = Sleeve(flash)
        where = f"operation {operation}, {outcome}"
        assert after.in_force in (FIRST, SECOND) and after.config.problem == "", where
        seen.append(after.in_force)
        assert after.put({"cue_k": 1}) == NO_CODE and after.in_force == ({"cue_k": 1}, None), where
        operation += 1
    assert operation >= 10 and sleeve.in_force == SECOND and FIRST in seen
    assert outcome != "all" or SECOND in seen


def test_a_cut_in_the_very_first_change_leaves_the_defaults_or_the_new_one():
    operation = 0
    while flash := (sleeve := Sleeve(LfsFlash(), fresh=True)).cut_in(operation, "torn", lambda s=sleeve: s.put(*FIRST)):
        after = Sleeve(flash)
        assert after.in_force in (({}, None), FIRST) and after.config.problem == ""
        operation += 1
    assert operation >= 3 and sleeve.in_force == FIRST


def test_every_flipped_bit_is_noticed():
    content = file_bytes(*FIRST)
    wanted, unnoticed = config.parse(content), []
    for bit in range(8 * len(content)):
        damaged = bytes(b ^ (1 << bit % 8 if i == bit // 8 else 0) for i, b in enumerate(content))
        try:
            unnoticed += [bit] if config.parse(damaged) != wanted else []
        except Exception:
            continue
    assert unnoticed == []


def test_every_cut_file_is_noticed():
    content = file_bytes(*FIRST)
    for n in range(len(content)):
        with pytest.raises(Exception):  # noqa: B017  whatever it raises is an unusable file
            config.parse(content[:n])


@pytest.mark.parametrize(
    "damaged, words",
    [
        (file_bytes(*SECOND)[:40], ""),
        (file_bytes(*SECOND).replace(b"400", b"401"), "its check sum is off"),
        (b'{"format":3,"params":{}}', "format 3, this firmware reads up to 2"),
        (file_bytes({"cue_volume": 3}), "unknown parameter cue_volume"),
        (b'{"params": {}, "volume": 1}', "unknown entry volume"),
        (b" " * 4000, "too long: 4000 bytes"),
        (None, "is missing"),
    ],
)
def test_a_file_that_is_not_usable_gives_way_to_the_last_good_one(damaged, words):
    sleeve = with_two()
    assert sleeve.put(*SECOND) == NO_CODE
    sleeve.write(config.PATH, damaged)
    after = Sleeve(LfsFlash(bytes(sleeve.flash.buffer)))
    assert after.in_force == FIRST and after.config.source == "last_good" and after.config.fault == faults.BAD_CONFIG
    assert words in after.config.problem and after.config.problem.endswith("the last good configuration is in force")
    assert after.put({"side": 1}) == NO_CODE and after.config.problem == ""
    assert config.parse(after.stored(config.OLD)) == FIRST  # the damaged one never becomes the last good one


def test_both_files_gone_bad_are_defaults_and_a_fault():
    sleeve = with_two()
    sleeve.write(config.PATH, b"x")
    sleeve.write(config.OLD, b"y")
    after = Sleeve(LfsFlash(bytes(sleeve.flash.buffer)))
    assert after.in_force == ({}, None) and after.config.source == "defaults"
    assert after.config.fault == faults.BAD_CONFIG and after.config.problem.endswith("defaults are in force")


def test_a_full_storage_refuses_the_change_and_keeps_the_old_one():
    sleeve = with_two()
    with pytest.raises(OSError, match="NOSPC"):
        for i in range(99):
            with sleeve.files.open(f"/filler{i}", "wb") as f:
                f.write(bytes(4096))
    answers = [sleeve.put(HIGH | {"arm_dps": 100 + i}) for i in range(3)]
    assert faults.STORAGE_ERROR in answers
    kept = sleeve.in_force
    after = Sleeve(LfsFlash(sleeve.flash.synced))
    assert after.in_force == kept and after.config.problem == ""


def test_the_same_again_writes_nothing():
    """A host whose END was lost asks again: the last good one must not be pushed out."""
    sleeve = with_two()
    before, operations = sleeve.stored(config.OLD), sleeve.flash.operations
    assert sleeve.commit(file_bytes(*FIRST)) == NO_CODE
    assert (sleeve.stored(config.OLD), sleeve.flash.operations) == (before, operations)
