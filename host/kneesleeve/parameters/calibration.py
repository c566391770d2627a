"""A calibration that is handed over to a sleeve, from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kneecore import fit
from kneesleeve.errors import ConfigError

NONE = "none"


def calibration_from(text: str) -> tuple[int, ...] | None:
    """What `calibration=TEXT` says: `none`, or a file that `sleeve replay --json` or `sleeve config backup` wrote.

    Raises ConfigError for a file that cannot be read or whose calibration a sleeve would refuse.
    """
    if text == NONE:
        return None
    hint = "Name a file that `sleeve replay --json` or `sleeve config backup` wrote, or write calibration=none."
    try:
        record = _record(json.loads(Path(text).read_bytes()))
    except OSError as error:
        raise ConfigError(f"{text!r} cannot be read: {error.strerror or error}.", hint=hint) from None
    except (ValueError, RecursionError):
        record = None
    if record is None:
        raise ConfigError(f"{text} holds no calibration.", hint=hint)
    problem = fit.problem(record)
    if problem:
        raise ConfigError(f"The calibration in {text} cannot be used: {problem}.", hint=hint)
    return tuple(record)


def _record(content: Any) -> Any:
    found = content.get("calibration") if isinstance(content, dict) else None
    return found.get("record") if isinstance(found, dict) else found
