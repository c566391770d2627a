"""A table of parameters: this toolkit's own, or the one that a sleeve publishes (docs/protocol.md, SCHEMA).

What comes from a sleeve is checked field by field and never evaluated; a table of another version than ours is as good.
"""

from __future__ import annotations

import difflib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from kneecore import param_words, params
from kneesleeve.errors import ConfigError, ProtocolError

VERSION = 1
MOST_BYTES = 65_536
_MOST_ROWS = 500
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_UNIT = re.compile(r"[ -~]{0,80}")
_LIMIT = 1 << 30
_UPDATE = "Bring toolkit and firmware to the same version."


@dataclass(frozen=True)
class Parameter:
    """One parameter. unit: "" for a plain number or an enumeration; words: the names of 0, 1, … of an enumeration.

    detector: an input of the detector, and so part of a session's `params`.
    """

    name: str
    default: int
    lowest: int
    highest: int
    unit: str
    words: tuple[str, ...]
    group: str
    help: str
    detector: bool

    def shown(self, value: int) -> str:
        """The value as people write it: a word of an enumeration, else the number."""
        return self.words[value] if self.words and 0 <= value < len(self.words) else str(value)

    @property
    def range(self) -> str:
        """What may be set, in words, without the unit."""
        return ", ".join(self.words) if self.words else f"{self.lowest} … {self.highest}"


@dataclass(frozen=True)
class Schema:
    """A table of parameters. id: CRC-32 of the table as published, 8 hex digits. ordered: (low, high), low ≤ high."""

    id: str
    parameters: tuple[Parameter, ...]
    ordered: tuple[tuple[str, str], ...]

    @property
    def names(self) -> list[str]:
        """All names, in the table's order."""
        return [p.name for p in self.parameters]

    def find(self, name: str) -> Parameter:
        """The parameter of this name. Raises ConfigError that names the nearest one."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        near = difflib.get_close_matches(name, self.names, 1)
        hint = f"Did you mean {near[0]}?" if near else f"Parameters: {', '.join(self.names)}."
        raise ConfigError(f"There is no parameter {name!r}.", hint=hint)

    def complete(self, given: Mapping[str, int]) -> dict[str, int]:
        """Every parameter's value: what is given, over the defaults."""
        return {p.name: given.get(p.name, p.default) for p in self.parameters}

    def check(self, given: Mapping[str, int]) -> None:
        """Raises ConfigError for an unknown name, a value out of range, or two that contradict each other."""
        for name, value in given.items():
            check_range(self.find(name), value)
        values = self.complete(given)
        for low, high in self.ordered:
            if values[low] > values[high]:
                raise ConfigError(
                    f"{low} = {values[low]} is more than {high} = {values[high]}.",
                    hint=f"Set both: {low} may be at most {high}.",
                )


def check_range(parameter: Parameter, value: int) -> None:
    """Raises ConfigError for a value that is no integer in the parameter's range."""
    p = parameter
    if type(value) is int and p.lowest <= value <= p.highest:
        return
    raise ConfigError(
        f"{p.name} = {value} is outside {p.lowest} … {p.highest} {p.unit}".rstrip() + ".",
        hint=f"Choose a value in that range; the default is {p.shown(p.default)}."
        if not p.words
        else f"Choose one of {p.range}.",
    )


@cache
def own_schema() -> Schema:
    """The table of this toolkit's version, the same as that of a sleeve with firmware of this version."""
    return parse_schema(own_bytes())


def own_bytes() -> bytes:
    """The table as firmware of this version publishes it, byte for byte."""
    return json.dumps([VERSION, params.TABLE, params.SETTINGS, params.ORDERED]).encode()


def schema_id(content: bytes) -> str:
    """The name of a published table: its CRC-32 as 8 hex digits."""
    return f"{zlib.crc32(content):08x}"


def parse_schema(content: bytes) -> Schema:
    """The table that a sleeve published. Raises ProtocolError, saying what is off, for anything else."""
    try:
        if len(content) > MOST_BYTES:
            raise _off("is too long")
        version, detector, settings, ordered = json.loads(content)[:4]
        if version != VERSION:
            raise _off(f"has version {version}, this toolkit reads {VERSION}")
        rows = [_parameter(row, detector=True) for row in detector]
        rows += [_parameter(row, detector=False) for row in settings]
        names = {p.name for p in rows}
        if len(names) != len(rows) or len(rows) > _MOST_ROWS:
            raise _off("has a name twice, or too many")
        pairs = tuple((str(low), str(high)) for low, high in ordered)
        if any(name not in names for pair in pairs for name in pair):
            raise _off("orders names that it does not have")
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise _off("is not readable") from error
    return Schema(schema_id(content), tuple(rows), pairs)


def _parameter(row: Sequence[Any], *, detector: bool) -> Parameter:
    name, default, lowest, highest, unit = row[:5]  # a later version may say more of each
    if not (isinstance(name, str) and _NAME.fullmatch(name) and isinstance(unit, str) and _UNIT.fullmatch(unit)):
        raise _off("has a name or unit of another form")
    numbers = (lowest, default, highest)
    if any(type(v) is not int or abs(v) >= _LIMIT for v in numbers) or list(numbers) != sorted(numbers):
        raise _off(f"has a default of {name} outside its range")
    words = tuple(unit.split("|")) if "|" in unit else ()
    if words and (lowest, highest) != (0, len(words) - 1):
        raise _off(f"has other words than numbers for {name}")
    group, text = param_words.TABLE.get(name, ("other", ""))
    return Parameter(name, default, lowest, highest, "" if words else unit, words, group, text, detector)


def _off(what: str) -> ProtocolError:
    return ProtocolError(f"The table of parameters {what}.", hint=_UPDATE)
