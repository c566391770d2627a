"""Tables of parameters that sleeves have published, kept in the user's cache folder by their CRC-32."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from kneesleeve.errors import ProtocolError
from kneesleeve.parameters.schema import MOST_BYTES, Schema, own_schema, parse_schema, schema_id


def schema_for(wanted: str, fetch: Callable[[], bytes]) -> Schema:
    """The table of this id: our own, a kept one, or what `fetch` gets from the sleeve. Raises ProtocolError."""
    if wanted == own_schema().id:
        return own_schema()
    kept = _kept(wanted)
    if kept:
        return kept
    content = fetch()
    if schema_id(content) != wanted:
        raise ProtocolError("The sleeve's table of parameters is not the one it names.", hint="Try again.")
    schema = parse_schema(content)
    _keep(wanted, content)
    return schema


def cache_folder() -> Path:
    """Where the tables are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kneesleeve" / "schema"


def _kept(wanted: str) -> Schema | None:
    """A kept table, if it is whole: its name is its CRC."""
    try:
        path = cache_folder() / f"{wanted}.json"
        content = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
        return parse_schema(content) if schema_id(content) == wanted else None
    except (OSError, ProtocolError):
        return None


def _keep(wanted: str, content: bytes) -> None:
    """By rename, so that nobody sees half of it; a cache that cannot be written is no error."""
    try:
        path = cache_folder() / f"{wanted}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError:
        return
