"""Reads `NAME=VALUE` parameters of the detector, refusing what is unknown or out of range."""

from __future__ import annotations

import difflib

from kneecore import params as schema
from kneesleeve.errors import ConfigError


def parse_params(words: list[str], *, side: str) -> dict[str, int]:
    """A full parameter set for a leg ("L" or "R"), with `words` over the defaults. Raises ConfigError by name."""
    params = schema.defaults() | {"side": int(side == "R")}
    for word in words:
        name, equals, text = word.partition("=")
        if name not in params:
            near = difflib.get_close_matches(name, schema.NAMES, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Parameters: {', '.join(schema.NAMES)}."
            raise ConfigError(f"There is no parameter {name!r}.", hint=hint)
        try:
            params[name] = int(text)
        except ValueError:
            raise ConfigError(
                f"{word} gives no integer.", hint=f"Write {name}=NUMBER." if equals else "Write NAME=VALUE."
            ) from None
    problem = schema.problem(params)
    if problem:
        raise ConfigError(f"Parameter {problem}.", hint="Choose a value in that range.")
    return params
