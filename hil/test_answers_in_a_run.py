"""A sleeve in a run answers a ping, refuses the rest as busy, and its run is not disturbed."""

from kneecore import params as schema
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.engines.virtual import make_image, motion_of, run_scenario
from kneesleeve.errors import DeviceError
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.services.pull import pull
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import open_session
from kneesleeve.virtual import VirtualSleeve


def test_pings_and_refused_requests_leave_the_run_exact(runner, tmp_path):
    image = tmp_path / "sleeve.img"
    make_image(image, schema.defaults())
    states: set[str] = set()
    refused = 0
    with (
        VirtualSleeve(image, run_scenario(runner), motion_of(runner)) as board,
        Sleeve(FrameLink(board.port)) as sleeve,
    ):
        state = ""
        while not (state == "idle" and "running" in states):
            state = sleeve.ping().state
            states.add(state)
            try:
                sleeve.read(1, 0, 4096)
            except DeviceError:
                refused += 1
        assert "idle" in states and refused
        assert verify(open_session(pull(sleeve, 1, tmp_path).path)).exit_code == 0
