"""The demo's product, and a product with one line of its firmware broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from kneesleeve import appbundle
from kneesleeve.services.demo import DemoResult, demo_runner, run_demo

RUN_S = 60.0


@pytest.fixture(scope="session")
def runner():
    """60 s of running, some strides of it collapsing."""
    return demo_runner(RUN_S, seed=3)


@pytest.fixture
def break_firmware(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """break_firmware(file, old, new): the next image gets this file with one text replaced; the sources stay."""
    whole = appbundle.app_sources()

    def broken(file: str, old: str, new: str) -> None:
        source = whole[f"{appbundle.SLOT}/{file}"]
        text = source.read_text()
        assert old in text, f"{file} has no {old!r} any more: mend the mutation"
        copy = tmp_path / source.name
        copy.write_text(text.replace(old, new, 1))
        monkeypatch.setattr(appbundle, "app_sources", lambda: whole | {f"{appbundle.SLOT}/{file}": copy})

    return broken


@pytest.fixture
def demo(runner, tmp_path: Path):
    """demo() -> DemoResult."""

    def run() -> DemoResult:
        return run_demo(runner, tmp_path / "out")

    return run
