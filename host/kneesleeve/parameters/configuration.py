"""A configuration: what was set, and the calibration that was handed over; as the sleeve's file, and as a backup."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kneecore import fit
from kneesleeve.errors import ConfigError
from kneesleeve.parameters.schema import Schema
from kneesleeve.parameters.values import value_of

FORMAT = 2
MOST_BYTES = 2048  # of the file on the sleeve
_MOST_READ = 65_536
_TAIL = 18  # ,"crc":"01234567"}
_SAID = ("kneesleeve", "device", "build", "schema", "crc")  # a backup's own words, and the check sum


@dataclass(frozen=True)
class Configuration:
    """given: name -> value of what was set; everything else has its default. calibration: 32 integers or None."""

    given: Mapping[str, int] = field(default_factory=dict)
    calibration: tuple[int, ...] | None = None

    def check(self, schema: Schema) -> None:
        """Raises ConfigError for what a sleeve with this table would refuse."""
        schema.check(self.given)
        problem = "" if self.calibration is None else fit.problem(self.calibration)
        if problem:
            raise ConfigError(f"The calibration cannot be used: {problem}.", hint="Calibrate again, or reset it.")


def file_bytes(given: Mapping[str, int], calibration: Sequence[int] | None = None) -> bytes:
    """The content of `/config.json` (docs/protocol.md): the one place that makes it. Its last entry is its CRC-32."""
    content = {"format": FORMAT, "params": dict(given), "calibration": list(calibration) if calibration else None}
    body = json.dumps(content, separators=(",", ":")).encode()[:-1]
    return body + f',"crc":"{zlib.crc32(body):08x}"}}'.encode()


def backup_text(configuration: Configuration, said: Mapping[str, str]) -> str:
    """A backup, for people to read and change. said: device, build and schema."""
    calibration = configuration.calibration
    content = {
        "kneesleeve": "configuration",
        **said,
        "format": FORMAT,
        "params": dict(configuration.given),
        "calibration": None if calibration is None else "@",
    }
    text = json.dumps(content, indent=2)
    return text.replace('"@"', json.dumps(calibration and list(calibration))) + "\n"


def read_configuration(path: Path, schema: Schema) -> tuple[Configuration, dict[str, Any]]:
    """A backup or a copy of a sleeve's /config.json, and what the file says of itself.

    Raises ConfigError, naming the file, for what cannot be read, for an unknown name and for a value that `schema`
    does not allow.
    """
    content = _load(path)
    try:
        return _taken(content, schema), content
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", hint=error.hint) from None


def _load(path: Path) -> dict[str, Any]:
    hint = "Name a file that `sleeve config backup` wrote, or a copy of a sleeve's /config.json."
    try:
        data = path.read_bytes() if path.stat().st_size <= _MOST_READ else b""
        content = json.loads(data)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.", hint=hint) from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{path} holds no configuration.", hint=hint) from None
    if not isinstance(content, dict) or not {"params", "calibration", "format", "record_level"} & set(content):
        raise ConfigError(f"{path} holds no configuration.", hint=hint)
    data = data.rstrip()
    if "crc" in content and data[-_TAIL:-2] != f',"crc":"{zlib.crc32(data[:-_TAIL]):08x}'.encode():
        raise ConfigError(
            f"{path} is damaged: its check sum is off.", hint='If you changed it on purpose, take out its "crc".'
        )
    return content


def _taken(content: dict[str, Any], schema: Schema) -> Configuration:
    version = content.get("format", 1)
    if version not in (1, FORMAT):
        raise ConfigError(f"It has format {version}, this toolkit reads up to {FORMAT}.", hint="Update the toolkit.")
    known = {"format", "params", "calibration", *_SAID} | ({"record_level"} if version == 1 else set())
    for name in content:
        if name not in known:
            raise ConfigError(f"It has an unknown entry {name!r}.", hint='Parameters belong into "params".')
    given = content.get("params", {})
    if not isinstance(given, dict):
        raise ConfigError('"params" is no list of names and values.', hint='Write "params": {"arm_dps": 150}.')
    if "record_level" in content:
        given = given | {"record_level": content["record_level"]}
    values = {name: _value(schema, name, value) for name, value in given.items()}
    calibration = content.get("calibration")
    if calibration is not None and fit.problem(calibration):
        raise ConfigError(f"Its calibration cannot be used: {fit.problem(calibration)}.", hint="Take it out: null.")
    configuration = Configuration(values, None if calibration is None else tuple(calibration))
    configuration.check(schema)
    return configuration


def _value(schema: Schema, name: str, value: Any) -> int:
    """A number, or text as on the command line."""
    parameter = schema.find(name)
    return value_of(parameter, value if isinstance(value, str) else json.dumps(value))
