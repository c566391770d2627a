"""One bit flipped on the line costs a repeated request, never a wrong byte in the file."""

import pytest

from kneesleeve.services.pull import pull
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import open_session


@pytest.mark.parametrize("at_byte", [40, 1_000, 100_001])
def test_the_pulled_file_is_whole(run_over, tmp_path, at_byte):
    with run_over() as done:
        done.board.flip_next(at_byte)
        pulled = pull(done.sleeve, 1, tmp_path)
        stats = done.sleeve.link.stats
    assert stats.bad_frames + stats.retries > 0, "the flipped byte was never met"
    assert not pulled.losses and verify(open_session(pulled.path)).exit_code == 0
