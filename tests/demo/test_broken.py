"""The demo is a proof only if it fails when a part is broken: each part is broken here, in a copy of the firmware."""

from __future__ import annotations

import pytest

from kneesleeve.errors import SleeveError
from kneesleeve.services import verify as verification

SEEN_BY_THE_CHECK = {
    "sign of the thigh's rate": ("kneecore/kernel.py", "abd = (((u * tz + cx", "abd = (((cx - u * tz"),
    "interpolation between thigh samples": ("kneecore/align.py", "* frac) >> 12)", "* frac) >> 11)"),
    "window of the collapse": ("kneecore/stance.py", "(75 * n + 50)", "(74 * n + 50)"),
    "level at contact": ("kneecore/stance.py", "level_c += c", "level_c += d"),
    "contact, one sample late": ("kneecore/kernel.py", "ic = q - 1", "ic = q"),
    "crosstalk slope": ("kneecore/crosstalk.py", "return self.slope *", "return 40 + self.slope *"),
    "running gate": ("kneecore/gate.py", "_SUPPORT = const(2254)", "_SUPPORT = const(5254)"),
    "flex map": ("kneecore/flexion.py", "self._c * m) >> 8", "self._c * m) >> 9"),
    "gyro bias": ("kneecore/fit.py", "for c in range(3)]) >> 4", "for c in range(3)]) >> 5"),
    "threshold": ("kneecore/decision.py", "> self.threshold_mdeg", "> 3 * self.threshold_mdeg"),
    "length of the cue": ("kneecore/cue.py", "self._gain // 1000", "self._gain // 900"),
    "a stride is not recorded": (
        "sleeveapp/run.py", "self._recorder.stride(pipe.batches, self._stride_views[i])", "pass"
    ),
    "the recorder swaps the chips": (
        "sleeveapp/samples.py", "not packer.add(batch, ticks_us, mv, shank, n_shank, thigh",
        "not packer.add(batch, ticks_us, mv, thigh, n_shank, shank",
    ),
    "a cue is computed but not given": ("sleeveapp/run.py", "            if ms:\n", "            if ms > 1000:\n"),
    "the motor is told half the length": ("sleeveapp/run.py", "pulse(ms)\n        ", "pulse(ms // 2)\n        "),
}  # fmt: skip

SEEN_AT_ONCE = {
    "the motor does not turn": ("drivers/motor.py", "duty_u16(_FULL)", "duty_u16(0)"),
    "the motor stays on": ("drivers/motor.py", "        self.off()\n        return True", "        return True"),
    "the CRC of blocks and frames": ("kneecore/crc.py", "(c ^ buf[start]) & 255", "(c ^ buf[start]) & 127"),
    "accel words are not understood": ("kneecore/fifo.py", "tag == 2 and", "tag == 3 and"),
    "the donning never ends": ("kneecore/donning.py", "still >= 2 and", "still >= 2000 and"),
}


def outcome(demo) -> str:
    """The demo's verdict, or "failed" where it ended in an error."""
    try:
        result = demo()
    except SleeveError:
        return "failed"
    return result.verdict.verdict if result.strides and result.cues else "failed"


@pytest.mark.parametrize("name", SEEN_BY_THE_CHECK)
def test_the_check_sees(name, break_firmware, demo):
    break_firmware(*SEEN_BY_THE_CHECK[name])
    assert outcome(demo) in ("differs", "failed")


@pytest.mark.parametrize("name", SEEN_AT_ONCE)
def test_the_demo_fails_when(name, break_firmware, demo):
    break_firmware(*SEEN_AT_ONCE[name])
    assert outcome(demo) != "exact"


def test_a_verification_that_compares_nothing_would_be_noticed(break_firmware, demo, monkeypatch):
    """With the comparison switched off a broken detector passes: so the tests above do hang on the comparison."""
    break_firmware("kneecore/stance.py", "(75 * n + 50)", "(74 * n + 50)")
    monkeypatch.setattr(verification, "compare_strides", lambda *_: None)
    assert outcome(demo) == "exact"
