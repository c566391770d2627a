"""Power may go at any operation of the flash: what was acknowledged is there, what was not written is not, it goes on.

This is a sample; `make power-loss` cuts at every operation in every way. A failure names its case and how to repeat it.
"""

from __future__ import annotations

import re
from random import Random

import pytest
from flash_model import BLOCK, NorError, NorFlash, torn
from flash_scripts import history
from sweep import CutError, Totals, main, sample, sweep

from kneecore.ring import Ring


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_power_cuts_at_every_operation(seed):
    totals = sweep(seed, sample(every=6, second_every=400), Totals())
    assert totals.blocks > 3 * 12 and totals.sessions == 24 and totals.records > 300
    assert totals.cases > 400 and totals.second > 20 and totals.long > 20
    assert set(totals.by_outcome) == {"none", "all", "prefix", "front", "back", "bits1", "bits2", "bits3"}


def test_a_broken_promise_names_its_case_and_the_command_that_repeats_it(monkeypatch, capsys):
    monkeypatch.setattr(Ring, "settle", lambda ring: None)  # no session is ever called interrupted
    with pytest.raises(CutError) as failure:
        sweep(1, sample(every=1, second_every=10**9), Totals())
    said = str(failure.value)
    command = re.search(r"--replay (\S+)", said)
    assert command and "neither closed nor interrupted" in said and command.group(1).startswith("1:")
    monkeypatch.setattr("sys.argv", ["sweep.py", "--replay", command.group(1)])
    assert main() == 1 and command.group(1) in capsys.readouterr().out
    monkeypatch.undo()
    monkeypatch.setattr("sys.argv", ["sweep.py", "--replay", command.group(1)])
    assert main() == 0 and "1 cuts" in capsys.readouterr().out


def test_the_history_is_the_same_every_time():
    images = []
    for _ in range(2):
        world, steps = history(5, sessions=4)
        for step in steps:
            world = step(world)
        images.append(bytes(world.flash.data))
    assert images[0] == images[1] != b"\xff" * len(images[0])


def test_the_model_refuses_what_a_chip_does_wrongly():
    flash = NorFlash(2)
    flash.program(0, 0, b"\x0f" * 4, 0, 4)
    with pytest.raises(NorError, match="0 to 1"):
        flash.program(0, 0, b"\xf0" * 4, 0, 4)
    with pytest.raises(NorError, match="twice"):
        flash.program(0, 0, b"\x01" * 4, 0, 4)
    with pytest.raises(NorError):
        flash.program(0, 4, bytes(3), 0, 3)
    with pytest.raises(NorError):
        flash.program(1, BLOCK - 4, bytes(8), 0, 8)
    flash.program(0, 32, b"\xfe\xff\xff\xff", 0, 4)
    flash.program(0, 32, b"\xfc\xff\xff\xff", 0, 4)
    flash.erase(0)
    flash.program(0, 0, b"\xf0" * 4, 0, 4)
    assert flash.operations == 5


def test_a_torn_operation_changes_only_bits_that_it_was_to_change():
    rng = Random(3)
    for outcome in ("none", "all", "prefix", "bits1", "bits2", "bits3"):
        left = set()
        for _ in range(40):
            old, new = b"\xff" * 64, rng.randbytes(64)
            got = torn(old, new, outcome, rng)
            assert not any(new[i] & ~got[i] for i in range(64)), "a bit was cleared that was not to be"
            left.add("new" if got == new else "old" if got == old else "part")
        expected = {"none": {"old"}, "all": {"new"}}.get(outcome)
        assert left == expected if expected else "part" in left


def test_a_cut_erase_leaves_a_block_that_the_model_does_not_let_be_programmed():
    flash = NorFlash(1)
    flash.program(0, 0, b"\x00" * 8, 0, 8)
    caught = []
    flash.watch = caught.append
    flash.erase(0)
    found = flash.after_cut(caught[0], "all", "x")
    assert bytes(found.data) == b"\xff" * BLOCK
    with pytest.raises(NorError):
        found.program(0, 64, b"\x0f" * 4, 0, 4)
