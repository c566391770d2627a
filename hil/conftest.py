"""A sleeve that has just lived through a run, for tests that look at it over its link."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kneecore import params as schema
from kneesleeve.engines.virtual import Finished, finished_run, make_image, run_scenario
from kneesleeve.recordings import Recording
from kneesleeve.services.demo import demo_runner


@pytest.fixture(scope="session")
def runner() -> Recording:
    """45 s of running on the left leg, seed 5."""
    return demo_runner(45.0, seed=5)


@pytest.fixture
def run_over(runner: Recording, tmp_path: Path):
    """run_over(**clock errors) -> context of a sleeve whose run is over, on fresh storage."""

    @contextmanager
    def ready(thigh_ppm: int = 0, shank_ppm: int = 0) -> Iterator[Finished]:
        image = tmp_path / "sleeve.img"
        make_image(image, schema.defaults())
        with finished_run(image, runner, run_scenario(runner, thigh_ppm=thigh_ppm, shank_ppm=shank_ppm)) as done:
            yield done

    return ready
