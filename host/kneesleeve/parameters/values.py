"""Values as people write them: `arm_dps=150`, `arm_dps=150dps`, `side=left`."""

from __future__ import annotations

import difflib
import re

from kneesleeve.errors import ConfigError
from kneesleeve.parameters.schema import Parameter, Schema, check_range

_NUMBER = re.compile(r"([+-]?\d{1,12})\s*(\D\S*)?")
_DECIMAL = re.compile(r"[+-]?\d*[.,]\d+")
_SAME = {
    "‰": "permille", "m°": "mdeg", "°/s": "dps", "deg/s": "dps", "percent": "%", "batch": "batches",
    "stride": "strides",
}  # fmt: skip


def parse_assignment(schema: Schema, word: str) -> tuple[str, int]:
    """(name, value) of `NAME=VALUE`. Raises ConfigError for another form, an unknown name, a wrong unit or value."""
    name, equals, text = word.partition("=")
    if not equals:
        known = name.strip() in schema.names
        raise ConfigError(
            f"{word!r} sets nothing.", hint=f"Write {name.strip()}=VALUE." if known else "Write NAME=VALUE."
        )
    parameter = schema.find(name.strip())
    return parameter.name, value_of(parameter, text)


def value_of(parameter: Parameter, text: str) -> int:
    """The value that `text` says, in the parameter's unit and range. Raises ConfigError."""
    text = text.strip()
    if parameter.words:
        return _word(parameter, text)
    found = _NUMBER.fullmatch(text)
    if not found or _DECIMAL.match(text):
        raise ConfigError(
            f"{parameter.name} takes a whole number{_of(parameter)}, not {text!r}.",
            hint=f"Write {_example(parameter)}.",
        )
    value, unit = int(found[1]), found[2] or ""
    if unit and _SAME.get(unit, unit) != parameter.unit:
        what = f"is in {parameter.unit}" if parameter.unit else "has no unit"
        raise ConfigError(
            f"{parameter.name} {what}, {'not in ' if parameter.unit else 'not '}{unit}.",
            hint=f"Write {_example(parameter, value)}.",
        )
    check_range(parameter, value)
    return value


def _word(parameter: Parameter, text: str) -> int:
    if text.lower() in parameter.words:
        return parameter.words.index(text.lower())
    if re.fullmatch(r"[+-]?\d{1,12}", text):
        check_range(parameter, int(text))
        return int(text)
    near = difflib.get_close_matches(text.lower(), parameter.words, 1)
    raise ConfigError(
        f"{parameter.name} is one of {parameter.range}, not {text!r}.",
        hint=f"Did you mean {parameter.name}={near[0] if near else parameter.words[parameter.default]}?",
    )


def _of(parameter: Parameter) -> str:
    return f" of {parameter.unit}" if parameter.unit else ""


def _example(parameter: Parameter, value: int | None = None) -> str:
    fits = value is not None and parameter.lowest <= value <= parameter.highest
    return f"{parameter.name}={value if fits else parameter.default}{parameter.unit}"
