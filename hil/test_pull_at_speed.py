"""A pull uses the highest rate that the line can do, and leaves the usual one behind; native USB has no rate."""

from kneecore.frames import BASE_BAUD
from kneesleeve.services.pull import pull


def test_the_rate_is_raised_for_the_transfer_only(run_over, tmp_path):
    seen: set[int] = set()
    with run_over() as done:
        pulled = pull(done.sleeve, 1, tmp_path, lambda _done, _total: seen.add(done.sleeve.link.baud))
        assert done.sleeve.link.baud == BASE_BAUD and done.sleeve.ping(retries=0).state == "idle"
    assert max(seen) > BASE_BAUD and not pulled.losses
