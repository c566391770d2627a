"""What `sleeve config` prints and writes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kneecore import param_words
from kneesleeve.cli.output import note, print_json, print_table
from kneesleeve.device.configuring import InForce
from kneesleeve.parameters.configuration import Configuration
from kneesleeve.parameters.schema import Parameter
from kneesleeve.services.config import CALIBRATION, Change, calibration_words

_SOURCES = {
    "stored": "stored on the sleeve",
    "last_good": "the last good one: the stored one is not usable",
    "defaults": "defaults: nothing is stored",
}


def entry(parameter: Parameter, given: Mapping[str, int]) -> dict[str, Any]:
    """One parameter for programs. set: it was set, be it to its default; differs: from the default."""
    p = parameter
    value = given.get(p.name, p.default)
    return {
        "name": p.name, "group": p.group, "value": value, "word": p.shown(value) if p.words else None,
        "default": p.default, "lowest": p.lowest, "highest": p.highest, "unit": p.unit, "words": list(p.words),
        "set": p.name in given, "differs": value != p.default, "help": p.help,
    }  # fmt: skip


def shown_json(now: InForce) -> dict[str, Any]:
    """What `show --json` prints."""
    given, calibration = now.configuration.given, now.configuration.calibration
    return {
        "source": now.source,
        "problem": now.problem,
        "schema": now.schema.id,
        "parameters": [entry(p, given) for p in now.schema.parameters],
        "calibration": None if calibration is None else list(calibration),
    }


def print_calibration(configuration: Configuration, as_json: bool) -> None:
    """What `get calibration` prints."""
    if as_json:
        print_json({"name": CALIBRATION, "value": configuration.calibration and list(configuration.calibration)})
    else:
        print(calibration_words(configuration))


def print_shown(now: InForce) -> None:
    """The table for people, by group."""
    given = now.configuration.given
    rows = []
    for group in (*param_words.GROUPS, "other"):
        first = group
        for p in now.schema.parameters:
            if p.group == group:
                value = given.get(p.name, p.default)
                mark = "*" if value != p.default else " "
                rows.append((first, mark + p.name, p.shown(value), p.unit or " ", p.shown(p.default), p.range))
                first = " "
    print_table(("group", " parameter", "value", "unit", "default", "range"), rows)
    print(f"\ncalibration: {calibration_words(now.configuration)}")
    print(f"configuration: {_SOURCES[now.source] if not now.problem or now.source != 'defaults' else 'defaults'}")
    tell_problem(now)


def tell_problem(now: InForce) -> None:
    """On stderr, what is wrong with the stored configuration."""
    if now.problem:
        note(f"Warning: {now.problem}.")


def print_changes(found: Sequence[Change], before: str, after: str) -> None:
    """Before and after, or that there is nothing."""
    if not found:
        print("no difference")
        return
    print_table(("parameter", before, after, "unit"), [(c.name, c.before, c.after, c.unit or " ") for c in found])


def write_text(path: Path, text: str) -> None:
    """By rename: a file that is there stays whole until the new one is."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
