"""Turns what a verb raises into one line, a hint and an exit code."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer

from kneesleeve.errors import SleeveError

FAILED = 1
INTERRUPTED = 130


def guarded(command: Callable[..., int | None]) -> Callable[..., None]:
    """A verb's function that ends the program with its exit code: the number it returns, or that of what it raises."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            code = command(*args, **kwargs)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if type(error).__module__.startswith(("click", "typer")):
                raise  # wrong usage, noticed by the verb: typer words it
            code = report_error(error)
        raise typer.Exit(code or 0)

    return run


def report_error(error: BaseException) -> int:
    """Say on stderr what went wrong and what to do; returns the exit code."""
    if isinstance(error, SleeveError):
        _say(error.message, error.hint)
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        _say("Stopped.", "")
        return INTERRUPTED
    if os.environ.get("SLEEVE_DEBUG") == "1":
        traceback.print_exception(error)
    _say(
        f"Something unexpected happened: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
        "Please report it, with what SLEEVE_DEBUG=1 shows.",
    )
    return FAILED


def _say(message: str, hint: str) -> None:
    message, hint = " ".join(message.split()), " ".join(hint.split())  # one line each, whatever a library said
    if sys.stderr.isatty():
        from rich.console import Console

        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"[bold red]Error:[/] {_plain(message)}")
        if hint:
            console.print(f"[cyan]Hint:[/] {_plain(hint)}")
        return
    print(f"Error: {message}", file=sys.stderr)
    if hint:
        print(f"Hint: {hint}", file=sys.stderr)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
