"""What a sleeve does not need for a while is not in its heap: the lists are complete, and the code really goes."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from lives import live, make_image, runner

from kneesleeve.virtual import read_file

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "shared" / "kneecore"
LISTS = ast.parse((ROOT / "firmware" / "sleeveapp" / "unload.py").read_text())
# loaded at a start and kept: what any of these imports at its top stays
ROOTS = ("pipeline", "ring", "ring_writer", "record_queue", "record_stride", "records", "packing", "frames", "fifo")


def listed(name: str) -> set[str]:
    """A tuple of names in unload.py."""
    namespace: dict = {}
    exec(compile(ast.Module([n for n in LISTS.body if isinstance(n, ast.Assign)], []), "unload.py", "exec"), namespace)
    return set(namespace[name])


def at_top(module: str) -> set[str]:
    """Modules of kneecore that this one imports when it is loaded."""
    found = set()
    for node in ast.parse((CORE / f"{module}.py").read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {node.module} if node.module else {alias.name for alias in node.names}
    return found


def loaded_by(*modules: str) -> set[str]:
    """With all that they bring."""
    found, todo = set(), list(modules)
    while todo:
        module = todo.pop()
        if module not in found:
            found.add(module)
            todo += at_top(module)
    return found


@pytest.mark.parametrize(
    ("name", "begins"), [("DONNING", ("donning",)), ("DETECTION", ("detection", "saved"))], ids=["donning", "detection"]
)
def test_the_lists_name_all_that_nothing_else_needs(name: str, begins: tuple[str, ...]) -> None:
    assert listed(name) == {f"kneecore.{m}" for m in loaded_by(*begins) - loaded_by(*ROOTS)}


LOADED = b"""
import sys
sys.path.insert(0, "/a")
import gc, json
gc.threshold(4096)
from sleeveapp import app, run
gc.threshold(-1)
seen = {}
def note(when):
    seen[when] = sorted(sys.modules)
    with open("/loaded.json", "w") as f:
        json.dump(seen, f)
go, running, again = run.Run._start, run.Run._set_running, app.App._blink
def starts(self):
    note("donning")
    go(self)
def runs(self):
    running(self)
    note("running")
def rests(self):
    if "running" in seen and "rest" not in seen:
        note("rest")
    again(self)
run.Run._start, run.Run._set_running, app.App._blink = starts, runs, rests
app.main()
"""


def test_donning_and_detection_are_never_loaded_together(tmp_path: Path) -> None:
    life = live(make_image(tmp_path / "flash.img", main=LOADED), runner(run_s=5.0))
    assert life.session.strides
    loaded = {when: set(names) for when, names in json.loads(read_file(life.image, "loaded.json")).items()}
    donning, detection = listed("DONNING"), listed("DETECTION")
    configuring = {"sleeveapp.console_config", "sleeveapp.config_file", "sleeveapp.meta", "kneecore.params"}
    assert donning <= loaded["donning"] and not detection & loaded["donning"]
    assert detection <= loaded["running"] and not (donning | configuring) & loaded["running"]
    assert not detection & loaded["rest"]
