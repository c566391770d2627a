"""What esptool says: nothing of it reaches stdout or stderr, and its progress goes to whoever asked for it.

Call `silence` before esptool is imported: it keeps a logger that is there, and parts of it take hold of the logger as
they are imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from esp_pylib.logger import EspLog, EspLogBase  # esptool's own logging package

Progress = Callable[[int, int], None]


class _Silent(EspLogBase):
    """Says nothing: what matters comes as an error."""

    progress_of: Progress | None = None

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    def note(self, message: str) -> None:
        """Nothing."""

    def warn(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    def err(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    def debug(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    def hint(self, message: str) -> None:
        """Nothing."""

    def stage(self, finish: bool = False) -> None:
        """Nothing."""

    def set_verbosity(self, mode: Any) -> None:
        """Nothing."""

    def progress_bar(self, cur_iter: int, total_iters: int, *args: Any, **kwargs: Any) -> None:
        """Bytes on the line so far, and in all."""
        if self.progress_of:
            self.progress_of(cur_iter, total_iters)


_LOG = _Silent()


def silence() -> None:
    """From now on esptool keeps quiet."""
    EspLog.instance = _LOG


@contextmanager
def progress_to(progress: Progress) -> Iterator[None]:
    """Pass on esptool's progress: (done, total), in whatever it counts."""
    _LOG.progress_of = progress
    try:
        yield
    finally:
        _LOG.progress_of = None
