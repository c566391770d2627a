"""Changing a sleeve's configuration: what would change, and the change itself, read back and compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from kneesleeve.device.configuring import InForce, commit, read_in_force
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import ConfigError, DeviceError
from kneesleeve.parameters.calibration import calibration_from
from kneesleeve.parameters.configuration import MOST_BYTES, Configuration, file_bytes
from kneesleeve.parameters.schema import Schema
from kneesleeve.parameters.values import parse_assignment

CALIBRATION = "calibration"


@dataclass(frozen=True)
class Change:
    """One difference. before, after: as people write them, with the unit apart."""

    name: str
    before: str
    after: str
    unit: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def changes(schema: Schema, before: Configuration, after: Configuration) -> list[Change]:
    """What differs in effect, in the table's order: a default that was set explicitly is no difference."""
    old, new = schema.complete(before.given), schema.complete(after.given)
    found = [
        Change(p.name, p.shown(old[p.name]), p.shown(new[p.name]), p.unit)
        for p in schema.parameters
        if old[p.name] != new[p.name]
    ]
    if before.calibration != after.calibration:
        found.append(Change(CALIBRATION, calibration_words(before), calibration_words(after)))
    return found


def calibration_words(configuration: Configuration) -> str:
    """Whether a calibration was handed over, in words."""
    c = configuration.calibration
    return "none" if c is None else f"given ({'left' if c[2] > 0 else 'right'} leg, quality {c[1]})"


def with_words(configuration: Configuration, schema: Schema, words: Iterable[str]) -> Configuration:
    """The configuration with `NAME=VALUE` words over it. Raises ConfigError for a wrong word, or a name twice."""
    values: dict[str, int] = {}
    calibration = configuration.calibration
    seen = set()
    for word in words:
        name, _, text = word.partition("=")
        if name in seen:
            raise ConfigError(f"{name} is named twice.", hint="Name it once.")
        seen.add(name)
        if name == CALIBRATION:
            calibration = calibration_from(text)
        else:
            name, value = parse_assignment(schema, word)
            values[name] = value
    return Configuration({**configuration.given, **values}, calibration)


def without(configuration: Configuration, schema: Schema, names: Iterable[str]) -> Configuration:
    """Back to the defaults: these names (`calibration` among them), or everything if there are none."""
    wanted = list(names)
    if not wanted:
        return Configuration()
    for name in wanted:
        if name != CALIBRATION:
            schema.find(name)
    kept = {name: value for name, value in configuration.given.items() if name not in wanted}
    return Configuration(kept, None if CALIBRATION in wanted else configuration.calibration)


def check(schema: Schema, wanted: Configuration) -> None:
    """Raises ConfigError for what cannot be a configuration of a sleeve with this table."""
    wanted.check(schema)
    size = len(file_bytes(wanted.given, wanted.calibration))
    if size > MOST_BYTES:
        raise ConfigError(
            f"The configuration is too long: {size} bytes, at most {MOST_BYTES}.", hint="Reset some of it."
        )


def put(sleeve: Sleeve, wanted: Configuration, *, dry_run: bool = False) -> InForce | None:
    """Stage and commit, then read back and compare; the sleeve checks it too in a dry run, which changes nothing.

    Raises ConfigError when the sleeve refuses, DeviceError when it says afterwards that something else is in force.
    """
    commit(sleeve, file_bytes(wanted.given, wanted.calibration), only_check=dry_run)
    if dry_run:
        return None
    now = read_in_force(sleeve)
    if now.configuration != wanted or now.source != "stored":
        raise DeviceError(
            "The sleeve has another configuration in force than was written.",
            hint="Look with `sleeve config show`; if it stays so, its storage may be failing.",
        )
    return now
