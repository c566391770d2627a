"""docs/format.md says what the reader does: offsets, types, events, bits."""

from __future__ import annotations

import re
from pathlib import Path

from kneesleeve.sessions import layout

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "format.md").read_text()


def table(heading: str) -> list[list[str]]:
    """Cells of the first table behind a text, without its head."""
    lines = TEXT.split(heading, 1)[1].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|"))
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start + 2 : end]]


def test_the_block_header() -> None:
    rows = {row[2].split(" ")[0].strip("`,"): (int(row[0]), row[1]) for row in table("## Block: 4096 bytes")}
    two = layout.LAYOUTS[2]
    assert rows["magic"] == (0, "4") and rows["CRC-32"] == (two.crc_at, "4") and rows["records;"][0] == two.header
    assert rows["status"] == (two.crc_at + 4, "4") and rows["header"] == (7, "1")


def test_record_types() -> None:
    rows = table("Unknown types are skipped by length and counted.")
    assert [(int(row[0]), row[1]) for row in rows] == list(enumerate(layout.TYPE_NAMES))[1:]
    assert layout.LAYOUTS[2].types == len(rows)


def test_events() -> None:
    text = re.sub(r"\([^)]*\)", "", TEXT.split("### EVENT codes\n", 1)[1].split("\n")[0])
    assert [int(n) for n in re.findall(r"(?:^|, )(\d+) [a-z]", text)] == list(range(1, len(layout.EVENT_NAMES)))


def test_status_bits() -> None:
    said = re.findall(r"bit (\d) (\w+(?: up)?)", TEXT.split("Status bits count", 1)[1].split("\n")[0])
    assert {1 << int(bit): name.replace(" ", "_") for bit, name in said} == layout.STATUS_NAMES


def test_causes_and_reasons() -> None:
    rows = {row[1]: row[2] for row in table("Unknown types are skipped by length and counted.")}
    for words in (*layout.CAUSES[2].values(), *layout.CHIPS.values()):
        assert words.removesuffix(" chips") in rows["DROPOUT"], words
    for code, words in layout.CLOSE_REASONS.items():
        assert f"{code} {words}" in rows["CLOSE"], words
