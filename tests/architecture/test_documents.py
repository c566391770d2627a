"""The documents say what the code does: tables of parameters, records, frames, reasons and faults."""

from __future__ import annotations

import re
from pathlib import Path

from kneecore import faults, frames, records, ring_header
from kneecore import stride as f
from kneecore.fault_table import REFUSALS, TABLE
from kneecore.params import TABLE as PARAMS
from kneecore.stride import FIELD_COUNT, FIELDS, REASON_NAMES
from kneesleeve.device.answers import STATES

DOCS = Path(__file__).resolve().parents[2] / "docs"


def rows(document: str, heading: str) -> list[list[str]]:
    """Cells of the first table behind a heading (or any text) of a document, without its head."""
    text = (DOCS / document).read_text().split(heading, 1)[1]
    lines = []
    for line in text.splitlines():
        if line.startswith("|"):
            lines.append([cell.strip().strip("`") for cell in line.strip().strip("|").split("|")])
        elif lines:
            break
    return lines[2:]


def test_parameters():
    documented = [(r[0], int(r[1]), *map(int, r[2].split(" … "))) for r in rows("detector.md", "## 8. Parameters")]
    assert documented == [row[:4] for row in PARAMS]


def test_record_types():
    documented = [(int(r[0]), r[1]) for r in rows("format.md", "Unknown types are skipped by length and counted.")]
    assert documented == list(enumerate(records.TYPE_NAMES))[1:]


def test_events():
    text = (DOCS / "format.md").read_text().split("### EVENT codes\n")[1].split("\n")[0]
    numbered = [int(n) for n in re.findall(r"(?:^|, )(\d+) [a-z]", re.sub(r"\([^)]*\)", "", text))]
    assert numbered == list(range(1, len(records.EVENT_NAMES)))


def test_block_header():
    documented = [(r[0], r[1]) for r in rows("format.md", "## Block")]
    assert documented[-2:] == [(str(ring_header.STATUS_AT), "4"), (str(ring_header.HEADER), "…")]
    assert "`KSLV`" in (DOCS / "format.md").read_text() and ring_header.template(b"")[:4] == b"KSLV"


def test_reasons_of_a_cue():
    documented = {int(r[0]): r[1] for r in rows("detector.md", "## 7. Cue")}
    assert documented == dict(enumerate(REASON_NAMES))


def test_frames():
    documented = {int(r[0], 16): r[1] for r in rows("protocol.md", "An answer carries the sequence of its request.")}
    named = (
        "PING",
        "INFO",
        "LIST",
        "READ",
        "VERIFIED",
        "ERASE",
        "TIME",
        "SPEED",
        "PONG",
        "DATA",
        "END",
        "ERROR",
        "RATE",
    )
    assert documented == {getattr(frames, name): name for name in named}


def test_frames_of_the_configuration():
    documented = {int(r[0], 16): r[1] for r in rows("protocol.md", "## Configuration")}
    assert documented == {getattr(frames, n): n for n in ("SCHEMA", "CONFIG_READ", "CONFIG_STAGE", "CONFIG_COMMIT")}


def test_states():
    text = (DOCS / "protocol.md").read_text()
    said = re.search(r"States: (.*?)\. ", text)
    assert said and said.group(1) == ", ".join(f"{i} {name}" for i, name in enumerate(STATES))


def test_states_of_firmware_and_host():
    text = (DOCS.parent / "firmware" / "sleeveapp" / "states.py").read_text()
    assert str(STATES).replace("'", '"') in text


def test_every_fault_has_words_and_a_next_step():
    codes = {v for name, v in vars(faults).items() if name.isupper()}
    assert codes == set(TABLE)
    for code, (name, meaning, hint) in TABLE.items():
        assert re.fullmatch(r"[a-z_]+", name) and meaning and (hint or not code), name


def test_stride_fields_and_refusals_count():
    assert len(FIELDS) == FIELD_COUNT == f.LOST_SAMPLES + 1 and len(REFUSALS) == 8
