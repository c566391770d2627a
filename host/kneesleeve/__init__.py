"""The smart knee sleeve's toolkit. For programs: `kneesleeve.open_session(path)` (docs/sessions.md).

Nothing is imported until it is used, so that the command line stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kneesleeve.errors import SleeveError
    from kneesleeve.sessions.api import Session, open_session

__all__ = ["Session", "SleeveError", "open_session"]
_PLACES = {
    "Session": "kneesleeve.sessions.api",
    "open_session": "kneesleeve.sessions.api",
    "SleeveError": "kneesleeve.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'kneesleeve' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
