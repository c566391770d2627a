"""Makes the test helpers importable by name, whichever folder they lie in; a recorded session on a storage image."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

for folder in ("link", "sessions"):
    path = str(Path(__file__).resolve().parents[1] / folder)
    if path not in sys.path:
        sys.path.append(path)


@pytest.fixture(scope="session")
def recorded_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Storage of a sleeve with one raw session of 40 s that nobody has pulled (one that is verified may be erased)."""
    from kneecore import params as schema
    from kneesleeve.engines.virtual import finished_run, make_image, run_scenario
    from kneesleeve.services.demo import demo_runner

    folder = tmp_path_factory.mktemp("recorded")
    runner = demo_runner(40.0, seed=3)
    make_image(folder / "sleeve.img", schema.defaults())
    with finished_run(folder / "sleeve.img", runner, run_scenario(runner)):
        pass
    return folder / "sleeve.img"


@pytest.fixture
def at_rest(recorded_image: Path, tmp_path: Path) -> Callable:
    """at_rest(**scenario) -> context of a virtual sleeve on a copy of that storage, four times as fast as real time."""
    from kneesleeve.virtual import Scenario, VirtualSleeve

    @contextmanager
    def started(**scenario) -> Iterator[VirtualSleeve]:
        image = tmp_path / "sleeve.img"
        if not image.exists():
            for file in recorded_image.parent.glob("sleeve.img*"):
                shutil.copy(file, tmp_path / file.name)
        with VirtualSleeve(image, Scenario(**({"clock": "wall", "speed": 4.0} | scenario))) as board:
            yield board

    return started
