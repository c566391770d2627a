"""Words that the shell completes: names of parameters, and the words of enumerations."""

from __future__ import annotations


def names(incomplete: str) -> list[tuple[str, str]]:
    """Names of parameters with what they are; from this toolkit's table, no sleeve is asked."""
    from kneesleeve.parameters.schema import own_schema

    return [(p.name, p.help) for p in own_schema().parameters if p.name.startswith(incomplete)]


def assignments(incomplete: str) -> list[tuple[str, str]]:
    """NAME=, and behind it the words of an enumeration."""
    from kneesleeve.parameters.schema import own_schema

    name, equals, _ = incomplete.partition("=")
    if not equals:
        return [(f"{found}=", text) for found, text in names(incomplete)]
    words = [(f"{p.name}={word}", p.help) for p in own_schema().parameters if p.name == name for word in p.words]
    return [(word, text) for word, text in words if word.startswith(incomplete)]
