"""One table of parameters: its words are complete, its page is fresh, and what it tells is stable."""

from __future__ import annotations

import binascii
import importlib
import sys
from pathlib import Path

from kneecore import param_words, params, trig
from kneesleeve.parameters.page import COMMAND, page
from kneesleeve.parameters.schema import own_bytes, own_schema

ROOT = Path(__file__).resolve().parents[2]


def test_every_parameter_has_a_group_and_words_and_nothing_else_has():
    rows = params.TABLE + params.SETTINGS
    assert set(param_words.TABLE) == {row[0] for row in rows}
    assert {group for group, _ in param_words.TABLE.values()} == set(param_words.GROUPS)
    for name, (_, text) in param_words.TABLE.items():
        assert 10 < len(text) < 120 and text[0].islower() and not text.endswith("."), name
    for name, default, lo, hi, unit in rows:
        assert lo <= default <= hi and lo < hi
        assert "|" not in unit or (unit.count("|") == hi - lo and lo == 0), name


def test_the_page_is_what_the_table_says():
    fresh = (ROOT / "docs" / "parameters.md").read_text() == page(own_schema()) + "\n"
    assert fresh, f"make it anew: {COMMAND}"


def test_a_setting_that_the_detector_does_not_read_is_no_part_of_its_identity():
    """META's detector_id and `params`: sessions that were recorded before must still be those of this detector."""
    sys.path.append(str(ROOT / "firmware"))
    meta = importlib.import_module("sleeveapp.meta")
    names = ",".join(f"{row[0]}={row[1]}" for row in sorted(params.TABLE))
    assert meta.detector_id() == binascii.crc32(names.encode(), binascii.crc32(bytes(trig.table())))
    assert meta.DETECTOR != 2 or meta.detector_id() == 3394112  # another one belongs to another version of detector.md
    assert not {row[0] for row in params.SETTINGS} & set(params.defaults())
    assert not {row[0] for row in params.SETTINGS} & set(params.NAMES)


def test_the_table_fits_the_link_and_the_memory_of_a_sleeve():
    assert len(own_bytes()) < 1500
