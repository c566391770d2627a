"""A sleeve's configuration over its link: the published table, what is in force, staging and commit."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kneecore import fit, frames
from kneesleeve.device.answers import parse_object, printable
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import ProtocolError
from kneesleeve.parameters.cache import schema_for
from kneesleeve.parameters.configuration import Configuration
from kneesleeve.parameters.schema import Schema

_PIECE = frames.MAX_TO_DEVICE - 2
_SOURCES = ("stored", "last_good", "defaults")
_UPDATE = "Bring toolkit and firmware to the same version."


@dataclass(frozen=True)
class InForce:
    """What a sleeve works with. source: stored, last_good or defaults. problem: what is wrong with the stored one."""

    configuration: Configuration
    schema: Schema
    source: str
    problem: str


def read_in_force(sleeve: Sleeve) -> InForce:
    """The configuration in force, checked against the sleeve's own table. Raises ProtocolError for nonsense."""
    said = parse_object(sleeve.fetch(frames.CONFIG_READ), "configuration")
    name = said.get("schema")
    if not isinstance(name, str) or not re.fullmatch(r"[0-9a-f]{8}", name):
        raise ProtocolError("The sleeve does not name its table of parameters.", hint=_UPDATE)
    schema = schema_for(name, lambda: sleeve.fetch(frames.SCHEMA))
    source, problem = said.get("source"), said.get("problem")
    if source not in _SOURCES or not isinstance(problem, str):
        raise ProtocolError("The sleeve does not say where its configuration comes from.", hint=_UPDATE)
    return InForce(_configuration(said, schema), schema, source, printable(problem))


def _configuration(said: Mapping[str, Any], schema: Schema) -> Configuration:
    given, calibration = said.get("params"), said.get("calibration")
    ranges = {p.name: (p.lowest, p.highest) for p in schema.parameters}
    if not isinstance(given, dict) or not set(given) <= set(ranges):
        raise ProtocolError("The sleeve's configuration has names that its table has not.", hint=_UPDATE)
    for name, value in given.items():
        if type(value) is not int or not ranges[name][0] <= value <= ranges[name][1]:
            raise ProtocolError(f"The sleeve's value of {name} is outside its own range.", hint=_UPDATE)
    if calibration is not None and fit.problem(calibration):
        raise ProtocolError("The sleeve's calibration is not usable.", hint=_UPDATE)
    ordered = {name: given[name] for name in schema.names if name in given}
    return Configuration(ordered, None if calibration is None else tuple(calibration))


def commit(sleeve: Sleeve, content: bytes, *, only_check: bool = False) -> None:
    """Stage the bytes of a configuration file, have them checked as a whole and, unless `only_check`, put in force.

    Raises ConfigError, with the sleeve's reason, when it refuses; the configuration before is then still in force.
    """
    for at in range(0, len(content), _PIECE):
        sleeve.order(frames.CONFIG_STAGE, struct.pack("<H", at) + content[at : at + _PIECE])
    sleeve.order(frames.CONFIG_COMMIT, struct.pack("<HIB", len(content), zlib.crc32(content), only_check))
