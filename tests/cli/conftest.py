"""Makes the test helpers importable by name, whichever folder they lie in; runs `sleeve` in this process."""

import sys
from pathlib import Path

import pytest

for folder in ("link", "sessions", "cli"):
    path = str(Path(__file__).resolve().parents[1] / folder)
    if path not in sys.path:
        sys.path.append(path)

from cli_runs import Done, Run  # pyright: ignore[reportMissingImports]

from kneesleeve.cli import main
from kneesleeve.device import sleeve as device_sleeve


@pytest.fixture
def sleeve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `sleeve WORDS` in this process (0.5 s less each) in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLEEVE_DEVICE", raising=False)
    monkeypatch.delenv("SLEEVE_DEBUG", raising=False)
    monkeypatch.setattr(device_sleeve, "PING_TIMEOUT_S", 0.2)

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["sleeve", *words])
        with pytest.raises(SystemExit) as end:
            main.main()
        out, err = capsys.readouterr()
        return Done(int(end.value.code or 0), out, err)

    return run
