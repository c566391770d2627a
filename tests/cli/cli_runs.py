"""What a command left behind, and what a failure must look like."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kneesleeve.cli import main
from kneesleeve.device import sleeve as device_sleeve


@dataclass
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


def failed(done: Done, code: int, words: str) -> None:
    """One line, a hint, nothing on stdout, no traceback."""
    assert done.returncode == code, done.stderr
    assert done.stdout == "" and words in done.stderr and "Traceback" not in done.stderr
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["Error", "Hint"]


def in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs `sleeve WORDS` here, in an empty folder."""
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
