"""A run that was recorded on the sleeve is proved on the host, whatever the chips' clocks do."""

import pytest

from kneesleeve.services.pull import pull
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import open_session


@pytest.mark.parametrize(("thigh_ppm", "shank_ppm"), [(0, 0), (30_000, -30_000), (-30_000, 30_000)])
def test_a_run_is_exact_at_any_clock_error(run_over, tmp_path, thigh_ppm, shank_ppm):
    with run_over(thigh_ppm=thigh_ppm, shank_ppm=shank_ppm) as done:
        session = open_session(pull(done.sleeve, 1, tmp_path).path)
    verdict = verify(session)
    assert verdict.verdict == "exact" and verdict.exit_code == 0, verdict
    assert verdict.calibration == "exact" and verdict.checked_strides == len(session.strides) > 50
