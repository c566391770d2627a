"""A pull over a bad line at the raised rate from the real firmware: late, never wrong. More: `make link-sweep`."""

from __future__ import annotations

from pathlib import Path

import line_sweep
import pytest
from line_sweep import Case

from kneesleeve.errors import ConfigError
from kneesleeve.virtual import Scenario
from kneesleeve.virtual.line import BITS_A_BYTE, Way
from kneesleeve.virtual.line_faults import LineFault

CASES = [
    *line_sweep.random_cases(range(1, 2), (300,)),
    *line_sweep.random_cases(range(2, 3), (500,))[-1:],
    *line_sweep.stall_cases(range(60_000, 60_001), 1000),
    *line_sweep.cut_cases(range(1, 140_000, 23_017)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_arrives_is_what_is_on_the_sleeve(recorded_image: Path, case: Case) -> None:
    assert line_sweep.run(recorded_image, case) == "", f"again: line_sweep.py --only {case.name}"


# the line itself


def way(*faults: dict, paced: bool = False, listener: int = 115_200) -> tuple[Way, list[str]]:
    cuts: list[str] = []
    made = Way(lambda: listener, paced=paced, cut=lambda: cuts.append("cut"), marks=True)
    made.faults = [LineFault(fault, 0) for fault in faults]
    return made, cuts


def through(made: Way, data: bytes, piece: int) -> bytes:
    out = b""
    for at in range(0, len(data), piece):
        made.push(data[at : at + piece], 0.0)
        out += made.pull(1e9)
    return out


@pytest.mark.parametrize("name", ["link_loss", "link_duplicate", "link_flip"])
def test_a_fault_hits_the_same_bytes_however_they_are_cut(name: str) -> None:
    data = bytes(range(256)) * 40
    seen = {through(way({"name": name, "ppm": 3000, "seed": 5})[0], data, piece) for piece in (1, 7, 4096, 20_000)}
    other = through(way({"name": name, "ppm": 3000, "seed": 6})[0], data, 4096)
    assert len(seen) == 1 and other not in seen and data not in seen
    changed = len(seen.pop()) - len(data)
    assert {"link_loss": changed < -10, "link_duplicate": changed > 10, "link_flip": changed == 0}[name]


def test_a_cut_lies_behind_its_byte() -> None:
    made, cuts = way({"name": "link_cut", "at_byte": 3})
    made.push(b"abcdef", 0.0)
    assert made.pull(1.0)[:3] == b"abc" and cuts == ["cut"]


def test_a_stall_holds_back_what_comes_behind_it() -> None:
    made, _ = way({"name": "link_stall", "at_byte": 2, "for_ms": 500})
    made.push(b"abcd", 10.0)
    assert made.pull(10.0) == b"ab" and made.pull(10.4) == b"" and made.pull(10.6) == b"cd"


def test_a_paced_line_takes_the_time_of_its_rate() -> None:
    made, _ = way(paced=True)
    made.push(bytes(1152), 5.0)
    early, half = made.pull(5.0), made.pull(5.05)
    assert len(early) < 60 and 560 < len(early + half) < 640 and made.waiting
    assert len(early + half + made.pull(5.0999)) == 1152 and not made.waiting
    assert made.due_s == pytest.approx(5.0 + 1152 * BITS_A_BYTE / 115_200)
    made.push(b"x", 5.1, idle=False)
    made.push(b"y", 9.0)
    assert made.pull(9.0) == b"xy" and made.due_s > 9.0


def test_a_rate_takes_effect_behind_what_was_sent_before() -> None:
    made, _ = way(listener=921_600)
    made.push(b"old\x02vb-rate:9216", 0.0)
    made.push(b"00\x02new", 0.0)
    arrived = made.pull(1.0)
    assert len(arrived) == 6 and arrived[:3] != b"old" and arrived[3:] == b"new" and made.baud == 921_600


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "link_gremlin"}, {"name": "link_loss"}, {"name": "link_loss", "ppm": 0}, {"name": "link_cut"},
        {"name": "link_flip", "ppm": 5, "toward": "moon"}, {"name": "link_stall", "at_byte": 1, "for_ms": -1},
    ],
)  # fmt: skip
def test_a_fault_that_is_not_known_or_not_possible_is_refused(fault: dict) -> None:
    with pytest.raises(ConfigError):
        Scenario(faults=(fault,))


def test_only_faults_of_the_link_come_while_it_runs(at_rest) -> None:
    with at_rest() as board, pytest.raises(ConfigError, match="no fault of the link"):
        board.disturb("imu_nack", chip="thigh", at_ms=0, for_ms=5)


def test_what_a_client_sends_holds_no_marks():
    """A Ctrl-B at the end of a piece goes to the prompt at once; it is not kept as the beginning of a mark."""
    made = Way(lambda: 115_200, paced=False, cut=lambda: None)
    made.push(b"\x15\x02", 0.0)
    assert made.pull(0.0) == b"\x15\x02"
