"""Makes this folder's helpers importable by name; places and defaults that its tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.append(str(HERE))

DATA = HERE.parents[2] / "shared" / "data"


@pytest.fixture
def data() -> Path:
    """The development recordings beside the project; skips where they are absent."""
    if not DATA.is_dir():
        pytest.skip("the development recordings are not beside this checkout (../shared/data)")
    return DATA


@pytest.fixture
def params() -> dict[str, int]:
    """The defaults of docs/detector.md §8."""
    from kneecore.params import defaults

    return defaults()
