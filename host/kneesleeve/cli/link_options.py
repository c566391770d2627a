"""`--verbose` and `--capture` for every verb that opens a link: each that has a parameter `device`."""

from __future__ import annotations

import functools
import inspect
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

Verbose = Annotated[bool, typer.Option("--verbose", envvar="SLEEVE_VERBOSE", help="Tell on stderr what the link does.")]
Capture = Annotated[
    Path | None,
    typer.Option(
        "--capture",
        envvar="SLEEVE_CAPTURE",
        metavar="FILE",
        help="Write every byte of the link, with its time, to FILE: for a bug report.",
    ),
]


def with_link_options(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """The same verb with both options, if it opens a link; they are looked after here, not by the verb."""
    signature = inspect.signature(command, eval_str=True)
    if "device" not in signature.parameters:
        return command

    @functools.wraps(command)
    def run(*args: Any, verbose: bool, capture: Path | None, **kwargs: Any) -> int | None:
        with _watched(verbose, capture):
            return command(*args, **kwargs)

    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [
        inspect.Parameter("verbose", keyword, default=False, annotation=Verbose),
        inspect.Parameter("capture", keyword, default=None, annotation=Capture),
    ]
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *options])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in run.__signature__.parameters.values()}  # type: ignore[attr-defined]
    return run


@contextmanager
def _watched(verbose: bool, capture: Path | None) -> Iterator[None]:
    log, handler = logging.getLogger("kneesleeve"), _StderrHandler()
    if verbose:
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    if capture:
        from kneesleeve.link import capture as link_capture

        link_capture.start(capture)
        log.info("every byte of the link goes to %s", capture)
    try:
        yield
    finally:
        log.removeHandler(handler)
        if capture:
            link_capture.stop()
            print(f"The capture of the link is in {capture}. It holds the pulled runs too.", file=sys.stderr)


class _StderrHandler(logging.Handler):
    """Messages as lines on what stderr is now: a progress bar may have put itself in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"link: {record.getMessage()}", file=sys.stderr)
