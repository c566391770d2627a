"""docs/detector.md §4.3.1: every condition of the running gate at its limit; what is the candidate before."""

from __future__ import annotations

import numpy as np
import pytest

from kneesleeve.reference.events import Steps
from kneesleeve.reference.gate import candidates, running
from kneesleeve.reference.rows import rows_of
from kneesleeve.reference.types import Calibration

from .synthetic import record

ROWS = rows_of(Calibration.of(record()))


def steps(*ic_n: tuple[int, int], jerk: int = 2000) -> Steps:
    ic, n = np.array(ic_n).T
    return Steps(ic, ic + n, ic + n + 5, np.full(len(ic), jerk))


def accel(samples: int, az: int = 4000) -> np.ndarray:
    out = np.zeros((samples, 3), np.int16)
    out[:, 2] = az
    return out


@pytest.mark.parametrize(
    "contact, jerk, passes", [(24, 2000, 0), (25, 2000, 1), (79, 1229, 1), (80, 2000, 0), (50, 1228, 0)]
)
def test_contact_time_and_impact(contact, jerk, passes):
    one = steps((100, contact), jerk=jerk)
    assert len(candidates(ROWS, one, accel(400), 600).ic) == passes


@pytest.mark.parametrize("short, passes", [(0, 1), (1, 0)])
@pytest.mark.parametrize("where", [100, 150])
def test_support_is_the_mean_from_contact_to_toe_off(where, short, passes):
    """2254 LSB in the mean, contact (100) and toe-off (150) included, whatever stands beside them."""
    az = accel(400, 2254)
    az[:100] = az[151:] = 0
    az[where, 2] -= short
    assert len(candidates(ROWS, steps((100, 50)), az, 600).ic) == passes


def test_one_weak_stance_does_not_hide_the_others():
    az = accel(400)
    az[200:260] = 0
    assert candidates(ROWS, steps((100, 50), (200, 50), (300, 50)), az, 600).ic.tolist() == [100, 300]


def flexed(peaks: dict[int, int], samples: int = 900) -> np.ndarray:
    """θ that is 0 but at some samples."""
    theta = np.zeros(samples, np.int32)
    for k, value in peaks.items():
        theta[k] = value
    return theta


ENOUGH = {k: 200000 for k in range(160, 900, 10)}  # in swing and in stance


@pytest.mark.parametrize("p, passes", [(93, 0), (94, 1), (250, 1), (251, 0)])
def test_rhythm(p, passes):
    theta = flexed({k: v for k, v in ENOUGH.items() if k != 100 + p})
    found = running(steps((100, 30), (100 + p, 30)), theta)
    assert found.ic.tolist() == [100 + p] * passes
    assert (found.before_ic.tolist(), found.before_to.tolist()) == ([100] * passes, [130] * passes)


@pytest.mark.parametrize("contact, passes", [(70, 1), (71, 0)])
def test_flight(contact, passes):
    assert len(running(steps((100, 30), (240, contact)), flexed({200: 104000, 260: 9000})).ic) == passes


@pytest.mark.parametrize("peak, passes", [(103999, 0), (104000, 1)])
@pytest.mark.parametrize("where", [100, 180, 239])
def test_swing(where, peak, passes):
    """Above the flexion at contact (500), from the contact before to this one."""
    theta = flexed({where: peak + 500, 240: 500, 260: 9500})
    assert len(running(steps((100, 30), (240, 40)), theta).ic) == passes


@pytest.mark.parametrize("where", [99, 241, 280, 281])
def test_flexion_elsewhere_is_no_swing(where):
    theta = flexed({260: 9500})
    theta[where] = 200000
    assert len(running(steps((100, 30), (240, 40)), theta).ic) == 0


@pytest.mark.parametrize("where, peak, passes", [(241, 8914, 1), (280, 8914, 1), (280, 8913, 0), (281, 9000, 0)])
def test_stance(where, peak, passes):
    theta = flexed({180: 200000, where: peak - 700, 240: -700})
    assert len(running(steps((100, 30), (240, 40)), theta).ic) == passes


def test_flexion_is_compared_across_the_wrap():
    half = 1 << 28
    theta = flexed({180: 104000 - 500 - half, 240: half - 500, 260: 8914 - 500 - half})
    assert len(running(steps((100, 30), (240, 40)), theta).ic) == 1


def test_the_first_candidate_is_not_reported_and_one_out_of_rhythm_still_counts_as_the_one_before():
    theta = flexed({k: 200000 for k in range(10, 900, 10)})
    found = running(steps((101, 30), (241, 30), (311, 30), (451, 30)), theta)  # p = 140, 70, 140
    assert found.ic.tolist() == [241, 451]
    assert (found.before_ic.tolist(), found.before_to.tolist()) == ([101, 311], [131, 341])


def test_no_candidates():
    theta = flexed(ENOUGH)
    for few in (steps((100, 30)), steps((100, 30)).part(slice(0, 0))):
        assert len(running(few, theta).ic) == 0
