"""What esptool says: nothing of it reaches stdout, and its progress goes to whoever asked for it.

Imported only when the bootloader is used: it brings esptool with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from esptool.logger import TemplateLogger, log

Progress = Callable[[int, int], None]


class _Silent(TemplateLogger):
    """esptool's logger for the life of this process: it cannot be taken back once one of another kind is in place."""

    progress: Progress | None = None

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    def note(self, message: str) -> None:
        """Nothing: what matters of it comes as an error."""

    def warning(self, message: str) -> None:
        """Nothing."""

    def error(self, message: str) -> None:
        """Nothing."""

    def stage(self, finish: bool = False) -> None:
        """Nothing."""

    def set_verbosity(self, verbosity: str) -> None:
        """Nothing."""

    def progress_bar(self, cur_iter: int, total_iters: int, *args: Any, **kwargs: Any) -> None:
        """Bytes on the line so far, and in all."""
        if self.progress:
            self.progress(cur_iter, total_iters)


_LOG = _Silent()


def silence() -> None:
    """From now on esptool keeps quiet."""
    if getattr(log, "_legacy", None) is not _LOG:
        log.set_logger(_LOG)  # pyright: ignore[reportAttributeAccessIssue]  # of esptool's logger, behind a proxy


@contextmanager
def progress_to(progress: Progress) -> Iterator[None]:
    """Pass on esptool's progress: (done, total), in whatever it counts."""
    _LOG.progress = progress
    try:
        yield
    finally:
        _LOG.progress = None
