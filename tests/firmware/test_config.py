"""/config.json: what is not usable leaves the defaults in force, and INFO says what is wrong."""

from __future__ import annotations

import json

import pytest
from lives import config_of, make_image, switched_on

from kneecore import faults
from kneecore.params import defaults
from kneesleeve.virtual import Scenario

IDENTITY = [0, 0, 1, *[8192, 0, 0, 0, 8192, 0, 0, 0, 8192] * 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]


def info_of(tmp_path, config: bytes | None) -> dict:
    with switched_on(make_image(tmp_path / "flash.img", config=config), Scenario()) as (_, sleeve):
        return sleeve.info()


@pytest.mark.parametrize(
    "config, said",
    [
        (b"not json", "syntax error"),
        (b"", "syntax error"),
        (b"\xff\xfe\x00\x01 binary", ""),
        (b"[1, 2]", ""),
        (b"null", ""),
        (b'{"params": 7}', ""),
        (b'{"params": {"cue_volume": 3}}', "unknown parameter cue_volume"),
        (b'{"params": {"cue_min_ms": 59}}', "cue_min_ms = 59 is outside 60 ... 300 ms"),
        (b'{"params": {"cue_min_ms": 100.5}}', "cue_min_ms = 100.5 is outside"),
        (b'{"params": {"side": "left"}}', "side = left is outside"),
        (b'{"params": {"side": null}}', "side = None is outside"),
        (b'{"params": {"cue_k": 3, "cue_n": 2}}', "cue_k = 3 is more than cue_n = 2"),
        (b'{"calibration": [1, 2, 3]}', "calibration must have 32 integers"),
        (b'{"calibration": 5}', ""),
        (json.dumps({"calibration": [None] * 32}).encode(), ""),
        (json.dumps({"params": {"arm_dps": 200, "side": 5}}).encode(), "side = 5 is outside 0 ... 1"),
    ],
)
def test_unusable(tmp_path, config, said):
    info = info_of(tmp_path, config)
    assert info["last_fault"] == faults.BAD_CONFIG and info["params"] == defaults()
    assert info["problem"] and said in info["problem"]


@pytest.mark.parametrize("config", [None, b"{}", config_of(), b'{"params": {}, "calibration": null}'])
def test_missing_or_empty_means_defaults_without_a_fault(tmp_path, config):
    info = info_of(tmp_path, config)
    assert (info["last_fault"], info["problem"], info["params"]) == (0, "", defaults())


def test_some_parameters_and_a_calibration(tmp_path):
    info = info_of(tmp_path, json.dumps({"params": {"side": 1, "cue_n": 4}, "calibration": IDENTITY}).encode())
    assert (info["last_fault"], info["problem"]) == (0, "")
    assert info["params"] == defaults() | {"side": 1, "cue_n": 4}
