"""What verbs print: data on stdout, messages and progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns in line on stdout; numbers to the right. Plain text, so that it can be piped."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in cells), 0) for i, name in enumerate(head)]
    right = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(head))]
    for row in [list(head), *cells]:
        line = [text.rjust(w) if r else text.ljust(w) for text, w, r in zip(row, widths, right, strict=True)]
        print("  ".join(line).rstrip())


def print_values(values: dict[str, Any]) -> None:
    """Name and value a line on stdout; a dict in it is indented."""
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        if isinstance(value, dict):
            print(f"{_plain(name)}:")
            for inner, content in value.items():
                print(f"  {_plain(inner)} = {_plain(content)}")
        else:
            print(f"{_plain(name.ljust(width))}  {_plain(_cell(value))}")


def note(message: str) -> None:
    """A message on stderr."""
    print(message, file=sys.stderr)


Progress = Callable[[int, int], None]


@contextmanager
def transfers() -> Iterator[Callable[[str], Progress]]:
    """A function label -> progress(done, total) that shows a bar each on stderr if that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda label: lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    # stdout is data: it must not be led to where the bars are
    with Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True), redirect_stdout=False) as bars:

        def start(label: str) -> Progress:
            tasks: list[Any] = []

            def progress(done: int, total: int) -> None:
                if not tasks:  # with what an earlier pull had left it counts from there, or the rate would jump
                    tasks.append(bars.add_task(label, total=total, completed=done))
                bars.update(tasks[0], completed=done)

            return progress

        yield start


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _plain(value: object) -> str:
    """What a sleeve said, without what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in str(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
