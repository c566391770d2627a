"""The house: layers, errors with hints, no traces of the machine it was built on."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import kneesleeve.errors as errors
from kneesleeve.errors import SleeveError

ROOT = Path(__file__).resolve().parents[2]
EXIT_CODES = {
    "SleeveError": 1, "UsageError": 2, "LinkError": 5, "ProtocolError": 5, "DeviceError": 1, "ConfigError": 6,
    "SessionError": 4, "VerifyError": 4,
}  # fmt: skip


def project_files() -> list[Path]:
    """What is committed or would be; skips outside a git checkout."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def test_layers():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_error_needs_a_message_and_a_hint():
    kinds = {n: k for n, k in vars(errors).items() if inspect.isclass(k) and issubclass(k, SleeveError)}
    assert {name: kind.exit_code for name, kind in kinds.items()} == EXIT_CODES
    for kind in kinds.values():
        hint = inspect.signature(kind).parameters["hint"]
        assert hint.kind is hint.KEYWORD_ONLY and hint.default is hint.empty
        with pytest.raises(TypeError):
            kind("without a hint")  # type: ignore[call-arg]


def test_errors_of_other_modules_keep_the_hint():
    from kneesleeve.link.serial_link import SilenceError
    from kneesleeve.recordings.errors import RecordingError

    for kind in (SilenceError, RecordingError):
        assert issubclass(kind, SleeveError)
        assert inspect.signature(kind.__init__).parameters.keys() >= {"hint"} or kind.__init__ is SleeveError.__init__


def test_no_path_of_a_machine():
    """Nobody else's checkout lies where this one does."""
    places = ["/" + "work/", "/" + "root/", "/" + "home/", str(ROOT)]
    found = []
    for path in project_files():
        if path.suffix in (".png", ".npz", ".gz", ".sleeve", ".img"):
            continue
        text = path.read_text(errors="replace")
        found += [f"{path.relative_to(ROOT)}: {place}" for place in places if place in text]
    assert found == []


def test_nothing_big_or_made_is_committed():
    for path in project_files():
        assert path.stat().st_size < 600_000, path
        assert path.suffix not in (".pyc", ".mpy", ".img", ".zip", ".whl"), path


def test_the_version_is_the_same_everywhere():
    import tomllib
    from importlib.metadata import version

    said = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version("kneesleeve") == said
    assert f'BUILD = "{said}"' in (ROOT / "firmware" / "sleeveapp" / "__init__.py").read_text()
