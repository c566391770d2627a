"""What a command left behind, and what a failure must look like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


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
