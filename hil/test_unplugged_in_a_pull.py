"""Unplugged in the middle of a pull: one clear error, no half-written session file, and the next pull goes on."""

import pytest

from kneesleeve.device.sleeve import Sleeve
from kneesleeve.engines.virtual import motion_of
from kneesleeve.errors import LinkError
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.services.pull import pull
from kneesleeve.virtual import Scenario, VirtualSleeve


def test_the_pull_goes_on_where_it_was_cut(run_over, runner, tmp_path):
    def pull_the_plug(done_bytes: int, _total: int) -> None:
        if done_bytes > 100_000:
            cut.board.unplug()

    with run_over() as cut, pytest.raises(LinkError) as error:
        pull(cut.sleeve, 1, tmp_path, pull_the_plug)
    assert "same command" in error.value.hint
    assert not list(tmp_path.glob("*.sleeve")) and len(list(tmp_path.glob("*.part"))) == 1

    with (
        VirtualSleeve(tmp_path / "sleeve.img", Scenario(), motion_of(runner)) as again,
        Sleeve(FrameLink(again.port)) as sleeve,
    ):
        pulled = pull(sleeve, 1, tmp_path)
    assert pulled.resumed_at > 0 and pulled.closed and not pulled.losses
    assert not list(tmp_path.glob("*.part"))
