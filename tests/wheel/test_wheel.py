"""The wheel carries everything: unpacked somewhere else, it flashes and demonstrates without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built by hatchling as pip does it, without fetching anything."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    [path] = folder.glob("*.whl")
    return path


def sources() -> set[str]:
    """Every file of the packages and of the firmware, by its place in the wheel."""
    places = {"host/kneesleeve": "kneesleeve", "shared/kneecore": "kneecore", "firmware": "kneesleeve/firmware"}
    found = {
        f"{inside}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, inside in places.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return {name for name in found if not name.endswith("pyrightconfig.json")}


def test_no_file_is_missing(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert sources() - names == set() and {"kneesleeve/firmware/main.py", "kneecore/pipeline.py"} <= names
    assert not any(name.split("/")[0] in ("tests", "hil", "docs") for name in names)


def test_it_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Its files stand before the checkout's in Python's path; only the dependencies are the environment's."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed"), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def python(*words: str) -> str:
        command = [sys.executable, *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = python("-c", "import kneesleeve, kneecore; print(kneesleeve.__file__, kneecore.__file__)")
    assert where.count(str(tmp_path / "installed")) == 2
    sleeve = ("-m", "kneesleeve.cli.main")
    assert "app 0.1.0 (build " in python(*sleeve, "flash", "--dry-run", "--chip", "esp32")
    assert "exact" in python(*sleeve, "demo", "--seconds", "20", "--out", str(tmp_path / "demo"))
