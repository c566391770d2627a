"""Makes the test helpers importable by name, whichever folder they lie in; sessions of every format version."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

for folder in ("link", "sessions"):
    path_ = str(Path(__file__).resolve().parents[1] / folder)
    if path_ not in sys.path:
        sys.path.append(path_)

from block_writers import HEADERS
from session_files import SessionFile, run_session

New = Callable[..., SessionFile]


@pytest.fixture(params=[1, 2], ids=["format1", "format2"])
def version(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def new(version: int) -> New:
    """`SessionFile` of the version."""
    return partial(SessionFile, version=version)


@pytest.fixture
def run(version: int) -> New:
    """`run_session` of the version."""
    return partial(run_session, version=version)


@pytest.fixture
def header(version: int) -> int:
    """Bytes of a block's header."""
    return HEADERS[version]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.sleeve"
