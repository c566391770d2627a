"""Reads `NAME=VALUE` parameters of the detector, refusing what is unknown or out of range."""

from __future__ import annotations

from kneecore import params
from kneesleeve.errors import ConfigError
from kneesleeve.parameters.schema import own_schema
from kneesleeve.parameters.values import parse_assignment


def parse_params(words: list[str], *, side: str) -> dict[str, int]:
    """A full parameter set for a leg ("L" or "R"), with `words` over the defaults. Raises ConfigError by name."""
    schema = own_schema()
    values = params.defaults() | {"side": int(side == "R")}
    for word in words:
        name, value = parse_assignment(schema, word)
        if not schema.find(name).detector:
            raise ConfigError(f"{name} is no parameter of the detector.", hint="Set it on a sleeve: sleeve config set.")
        values[name] = value
    schema.check(values)
    return values
