"""Makes the test helpers importable by name, whichever folder they lie in; runs `sleeve` in this process."""

import sys
from pathlib import Path

import pytest

for folder in ("link", "sessions", "cli"):
    path = str(Path(__file__).resolve().parents[1] / folder)
    if path not in sys.path:
        sys.path.append(path)

from cli_runs import Run, in_this_process  # pyright: ignore[reportMissingImports]


@pytest.fixture
def sleeve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `sleeve WORDS` in this process (0.5 s less each) in an empty folder."""
    return in_this_process(tmp_path, monkeypatch, capsys)
