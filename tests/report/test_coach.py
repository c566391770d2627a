"""The table for a coach: every field of a stride under its right name and in its unit."""

from __future__ import annotations

import pytest

from kneecore import stride as st
from kneesleeve.report.coach import Cell, Row, rows
from kneesleeve.report.model import build

from .conftest import hand_made, stride


@pytest.fixture
def table() -> dict[str, Row]:
    """Two strides inside the limit (one of them while learning), one over, one not judged."""
    fields = {
        "abduction_at_ic_mdeg": -1500, "abduction_peak_mdeg": 4000, "peak_samples": 26, "shank_range_mdeg": 6000,
        "thigh_range_mdeg": 3000, "clipped_samples": 2, "lost_samples": 5,
    }  # fmt: skip
    null = {name: st.NULL for name in fields if "samples" not in name or name == "peak_samples"}
    strides = [
        stride(0, **fields),
        stride(40, **(fields | {"abduction_at_ic_mdeg": -2500, "peak_samples": 52})),
        stride(41, over=1, reason=st.R_CUED, cue_ms=100, cue_batch=2000, **(fields | {"thigh_range_mdeg": 9000})),
        stride(42, judged=0, reason=st.R_UNJUDGED, **null, clipped_samples=7, lost_samples=0),
    ]
    return {row.name: row for row in rows(build(hand_made(strides)))}


@pytest.mark.parametrize(
    ("name", "unit", "all_", "inside", "over"),
    [
        ("Abduction at contact, against the stride's mean", "°", "−1.83 ± 0.58", "−2.50", "−1.50"),
        ("Largest abduction in stance, against the stride's mean", "°", "4.00 ± 0.00", "4.00", "4.00"),
        ("Time from contact to it", "ms", "167 ± 72", "250", "125"),
        ("Shank's range in the frontal plane, stance", "°", "6.00 ± 0.00", "6.00", "6.00"),
        ("Thigh's range in the frontal plane, stance", "°", "5.00 ± 3.46", "3.00", "9.00"),
        ("Samples at the end of a sensor's range, in total", "", "13", "2", "2"),
        ("Samples lost, in total", "", "15", "5", "5"),
    ],
)
def test_the_fields_of_a_stride(table: dict[str, Row], name: str, unit: str, all_: str, inside: str, over: str) -> None:
    row = table[name]
    assert row.unit == unit
    assert [text(c) for c in (row.all, row.inside, row.over)] == [all_, inside, over]


def text(cell: Cell) -> str:
    return f"{cell.mean} ± {cell.sd}" if cell.sd else cell.mean


def test_raw_collapse_is_without_both_terms(table: dict[str, Row]) -> None:
    assert "Collapse without the rotation and the crosstalk term" in table
    assert "Collapse without the rotation term" not in table
