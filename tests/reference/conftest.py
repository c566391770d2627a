"""Places, defaults and drained runs that the tests of the reference share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "shared", ROOT / "host"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def data() -> Path:
    """The development recordings; skips where they are absent."""
    if not DATA.is_dir():
        pytest.skip(f"no development recordings at {DATA}")
    return DATA


@pytest.fixture
def params() -> dict[str, int]:
    """The defaults of docs/detector.md §8."""
    from kneecore.params import defaults

    return defaults()
