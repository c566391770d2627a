"""What is set over the link is what the next run works with and records, also after the power was off."""

from kneecore import params as schema
from kneesleeve.device.configuring import read_in_force
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.engines.virtual import finished_run, make_image, run_scenario
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.parameters.configuration import Configuration
from kneesleeve.services.config import put
from kneesleeve.services.pull import pull
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import open_session
from kneesleeve.virtual import Scenario, VirtualSleeve


def test_set_then_run(runner, tmp_path):
    image = tmp_path / "sleeve.img"
    make_image(image, schema.defaults())
    wanted = Configuration({"cue_min_ms": 150, "record_level": 2})
    with VirtualSleeve(image, Scenario()) as board, Sleeve(FrameLink(board.port)) as sleeve:
        put(sleeve, wanted)
    with finished_run(image, runner, run_scenario(runner)) as done:
        assert read_in_force(done.sleeve).configuration == wanted
        session = open_session(pull(done.sleeve, 1, tmp_path).path)
    assert session.meta["params"]["cue_min_ms"] == 150 and session.meta["level"] == "raw"
    assert verify(session).exit_code == 0
