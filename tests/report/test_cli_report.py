"""`sleeve report`: the page beside the session, its path or its numbers on stdout."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).resolve().parents[1] / "sessions"))

from format1_writer import BlockWriter  # pyright: ignore[reportMissingImports]

from kneecore import params, records
from kneecore.stride import FIELD_NAMES
from kneesleeve.cli.main import app

from .conftest import refused


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A file of a refused donning."""
    parts: list[bytes] = []
    out = BlockWriter(7, lambda block: parts.append(bytes(block)))
    meta = {"format": 1, "build": "test", "session": 7, "params": params.defaults(), "stride_fields": FIELD_NAMES}
    out.record(records.META, json.dumps(meta).encode())
    out.record(records.CALIBRATION, struct.pack("<I32i", 1200, *refused(3)))
    out.record(records.CLOSE, struct.pack("<4I", 1200, 0, 0, 1))
    out.flush()
    path = tmp_path / "0007.sleeve"
    path.write_bytes(b"".join(parts))
    return path


def test_page_lies_beside_the_session(session: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(session)])
    assert result.exit_code == 0
    assert result.stdout.strip() == str(session.with_suffix(".html"))
    assert "could not get ready" in session.with_suffix(".html").read_text("utf-8")


def test_json_gives_the_headline_facts(session: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["report", str(session), "-o", str(page), "--json"])
    facts = json.loads(result.stdout)
    assert facts["report"] == str(page)
    assert (facts["state"], facts["leg"], facts["strides"], facts["over_share"]) == ("refused", "left", 0, None)
    assert page.exists()


def test_no_session_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(tmp_path / "none.sleeve")])
    assert result.exit_code == 4
    assert result.stdout == ""
