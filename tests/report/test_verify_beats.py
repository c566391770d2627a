"""`sleeve verify` says how many beats it compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kneesleeve.cli import verify as verb
from kneesleeve.cli.main import app
from kneesleeve.recordings import Drained
from kneesleeve.services.verdict import Verdict
from kneesleeve.services.verify import Detected, verify
from kneesleeve.sessions.session import Section, Session


@dataclass(frozen=True)
class Recorded:
    """Detects what a session holds, without working it out again."""

    session: Session

    @property
    def strides(self) -> list[tuple[int, ...]]:
        return self.session.strides

    @property
    def beats(self) -> tuple[tuple[int, int, int], ...]:
        return tuple((e.batch, *divmod(e.arg, 64)) for e in self.session.events)

    refreshes: tuple[int, ...] = ()

    def calibrate(self, drained: Drained, params: Mapping[str, int]) -> tuple[tuple[int, ...] | None, int]:
        return self.session.calibration, self.session.accepted_batch

    def detect(
        self, drained: Drained, params: Mapping[str, int], calibration: Sequence[int], accepted_batch: int
    ) -> Detected:
        return self


@pytest.fixture
def verdict(paced: Session) -> Verdict:
    return verify(paced, Recorded(paced))


def test_all_beats_of_a_whole_run(paced: Session, verdict: Verdict) -> None:
    assert verdict.verdict == "exact"
    assert verdict.checked_beats == len(paced.events) > 60


def test_only_beats_before_a_loss_are_counted(paced: Session) -> None:
    middle = paced.events[20].batch
    cut = verify(replace(paced, sections=[Section(None, 1, middle - 1)]), Recorded(paced))
    assert cut.checked_beats == 20


def test_no_beats_where_nothing_can_be_checked(paced: Session) -> None:
    assert verify(replace(paced, sections=[])).checked_beats == 0


@pytest.mark.parametrize(("beats", "says"), [(73, ", 73 beats,"), (1, ", 1 beat,"), (0, "")])
def test_the_command_says_it(
    verdict: Verdict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beats: int, says: str
) -> None:
    monkeypatch.setattr(verb, "open_session", lambda path: path)
    monkeypatch.setattr(verb, "verify", lambda session: replace(verdict, checked_beats=beats))
    name = str(tmp_path / "a.sleeve")
    plain = CliRunner().invoke(app, ["verify", name]).stdout
    assert says in plain and ("beat" in plain) == bool(beats)
    assert json.loads(CliRunner().invoke(app, ["verify", name, "--json"]).stdout)["checked_beats"] == beats
