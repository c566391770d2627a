"""Golden files: what was written once is read for ever."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

import kneesleeve
from kneecore.stride import FIELD_NAMES

GOLDEN = Path(__file__).resolve().parent / "golden"


@pytest.fixture(scope="module")
def recipe() -> ModuleType:
    spec = importlib.util.spec_from_file_location("golden_recipe", GOLDEN / "recipe.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_version_has_its_golden_file(recipe: ModuleType, version: int) -> None:
    path = GOLDEN / f"format{version}.sleeve"
    found, written = recipe.summary(path), json.loads(path.with_suffix(".json").read_text())
    for stride, fields in zip(found["strides"], written["strides"], strict=True):
        assert {name: stride[name] for name in fields} == fields  # later toolkits may know more fields
    assert found | {"strides": 0} == written | {"strides": 0}


def test_its_samples_are_those_of_the_recipe(recipe: ModuleType, version: int) -> None:
    s = kneesleeve.open_session(GOLDEN / f"format{version}.sleeve")
    rows = recipe.batches(1, 30) + recipe.batches(31, 20) + recipe.batches(51, 10)
    assert s.contents.raw_run.shank.tolist() == [list(v) for row in rows for v in row[3]]
    assert s.contents.raw_run.thigh.tolist() == [list(v) for row in rows for v in row[4]]
    assert s.batches["flex_mv"].tolist() == [row[2] for row in rows] and s.losses == []


def test_both_versions_say_the_same(recipe: ModuleType) -> None:
    one, two = (recipe.summary(GOLDEN / f"format{version}.sleeve") for version in (1, 2))
    for name in ("device", "session", "level", "started", "length_s", "events", "calibration", "dropouts"):
        assert one[name] == two[name], name
    assert one["batches"] == two["batches"]
    fields = FIELD_NAMES[:18]  # those of format 1
    for a, b in zip(one["strides"], two["strides"], strict=True):
        assert {name: a[name] for name in fields} == {name: b[name] for name in fields}
