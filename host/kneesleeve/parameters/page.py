"""Makes docs/parameters.md from the table: `python -m kneesleeve.parameters.page > docs/parameters.md`."""

from __future__ import annotations

from kneecore import param_words
from kneesleeve.parameters.schema import Parameter, Schema, own_schema

COMMAND = ".venv/bin/python -m kneesleeve.parameters.page > docs/parameters.md"
_HEAD = f"""# Parameters

What can be set on a sleeve: `sleeve config set NAME=VALUE`, `sleeve config show`.
Made from the table in `shared/kneecore/params.py` and the words in `param_words.py`; do not change this page,
make it anew: `{COMMAND}`.

Values are whole numbers; the unit may be written behind (`arm_dps=150dps`) and is then checked.
Where words are given, the word is written (`side=left`); in files it may be its number, counted from 0.
"""
_WORDS = {
    "wearer": "Who wears it, and which run it is.",
    "contacts": "How a running contact is found (detector.md §4.3, §4.3.1).",
    "angle": "How the collapse is measured (detector.md §4.2, §5).",
    "threshold": "When a stride is over (detector.md §6).",
    "cue": "Whether and how the motor tells (detector.md §7).",
    "cadence": "The metronome, with `cue_mode=cadence` (detector.md §7.1).",
    "recording": "What a run leaves (format.md). No input of the detector: not in a session's `params`.",
}


def page(schema: Schema) -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for group in param_words.GROUPS:
        parts.append(
            f"## {group}\n{_WORDS[group]}\n\n| name | default | range | unit | what it is |\n|---|---|---|---|---|"
        )
        parts += [_row(p) for p in schema.parameters if p.group == group]
        parts.append("")
    pairs = "; ".join(f"`{low}` ≤ `{high}`" for low, high in schema.ordered)
    parts.append(f"Together they must hold: {pairs}.\n\nName of this table (CRC-32, docs/protocol.md): `{schema.id}`.")
    return "\n".join(parts)


def _row(p: Parameter) -> str:
    return f"| `{p.name}` | {p.shown(p.default)} | {p.range} | {p.unit} | {p.help} |"


if __name__ == "__main__":
    print(page(own_schema()))
