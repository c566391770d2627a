"""Whatever goes wrong, a person gets one line of cause and one of hint, and the exit code of docs/cli.md."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_runs import Run, failed  # pyright: ignore[reportMissingImports]
from fake_sleeve import FakeSleeve  # pyright: ignore[reportMissingImports]
from session_files import run_session  # pyright: ignore[reportMissingImports]

from kneesleeve import errors
from kneesleeve.cli.guard import report_error
from kneesleeve.recordings import RunnerSpec, synthesise
from kneesleeve.recordings.save import save

ROOT = Path(__file__).resolve().parents[2]
HOST = ROOT / "host" / "kneesleeve"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("recording") / "x.npz"
    spec = RunnerSpec(seed=1, side="L", run_s=1.0)  # long enough for a donning: a shorter one is warned of
    save(synthesise(spec)[0], None, path)
    return str(path)


@pytest.fixture
def fake() -> Iterator[FakeSleeve]:
    with FakeSleeve({7: run_session(60).data()}) as sleeve:
        yield sleeve


def busy(fake: FakeSleeve, _: Path) -> list[str]:
    fake.manners.state = 3
    return ["pull", "-d", f"pty:{fake.port}"]


def old(fake: FakeSleeve, _: Path) -> list[str]:
    fake.manners.protocol = 0
    return ["info", "-d", f"pty:{fake.port}"]


def unplugged(fake: FakeSleeve, _: Path) -> list[str]:
    fake.manners.unplug_after = 900
    return ["pull", "-d", f"pty:{fake.port}"]


def damaged_line(fake: FakeSleeve, _: Path) -> list[str]:
    fake.manners.break_end = True
    return ["info", "-d", f"pty:{fake.port}"]


def no_permission(_: FakeSleeve, folder: Path) -> list[str]:
    port = folder / "ttyUSB9"
    port.symlink_to("/dev/null")
    return ["info", "-d", f"serial:{port}"]


def two_lines(_: FakeSleeve, folder: Path) -> list[str]:
    return ["verify", str(folder / "two\nlines.sleeve")]


# what a person does wrong: exit code, words of the cause
CASES: dict[str, tuple[Callable[[FakeSleeve, Path], list[str]], int, str]] = {
    "an unknown engine": (lambda f, d: ["replay", "x.npz", "--engine", "fast"], 2, "engine"),
    "an address of another form": (lambda f, d: ["info", "-d", "/dev/ttyUSB0"], 2, "/dev/ttyUSB0"),
    "no such port": (lambda f, d: ["info", "-d", f"serial:{d}/none"], 5, "no port"),
    "a port that is no serial port": (no_permission, 5, "not a serial port"),
    "a sleeve that is in a run": (busy, 1, "in a run"),
    "a firmware that is older": (old, 1, "older"),
    "unplugged in a pull": (unplugged, 5, ""),
    "a line that damages everything": (damaged_line, 5, "damaged"),
    "no such file": (lambda f, d: ["verify", "nothing.sleeve"], 4, "no file"),
    "a name with a line break": (two_lines, 4, "no file"),
    "a parameter of another range": (lambda f, d: ["replay", "x.npz", "--param", "arm_dps=5"], 6, "arm_dps"),
    "a parameter of another unit": (lambda f, d: ["replay", "x.npz", "--param", "arm_dps=150ms"], 6, "dps"),
    "a parameter that does not exist": (lambda f, d: ["replay", "x.npz", "--param", "arm_dsp=150"], 6, "arm_dsp"),
}


@pytest.mark.parametrize("case", CASES)
def test_one_line_of_cause_and_one_of_hint(
    case: str, sleeve: Run, fake: FakeSleeve, tmp_path: Path, recording: str
) -> None:
    words, code, cause = CASES[case]
    (tmp_path / "x.npz").symlink_to(recording)
    failed(sleeve(*words(fake, tmp_path)), code, cause)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may open any port")
def test_a_port_without_permission_names_the_mend(sleeve: Run, tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    port.chmod(0)
    failed(sleeve("info", "-d", f"serial:{port}"), 5, "")


def every_class() -> list[type[errors.SleeveError]]:
    """All classes of errors of the toolkit, wherever they are."""
    for path in HOST.rglob("*.py"):
        if "virtual/board" not in path.as_posix() and re.search(r"^class \w+Error\(", path.read_text(), re.MULTILINE):
            __import__(".".join(("kneesleeve", *path.relative_to(HOST).with_suffix("").parts)))
    found, todo = [], [errors.SleeveError]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += one.__subclasses__()
    return sorted(found, key=lambda c: c.__name__)


@pytest.mark.parametrize("kind", every_class(), ids=lambda c: c.__name__)
def test_every_class_of_errors_ends_in_two_lines_and_a_code_of_the_table(
    kind: type[errors.SleeveError], capsys: pytest.CaptureFixture[str]
) -> None:
    code = report_error(kind("what went\nwrong, and where", hint="what to do\nnext"))
    said = capsys.readouterr().err.splitlines()
    assert said == ["Error: what went wrong, and where", "Hint: what to do next"]
    table = (ROOT / "docs" / "cli.md").read_text()
    assert re.search(rf"^\| {code} \|", table, re.MULTILINE)


def test_no_error_is_raised_without_a_hint() -> None:
    names = {kind.__name__ for kind in every_class()}
    calls = [
        (path, node)
        for path in HOST.rglob("*.py")
        if "virtual/board" not in path.as_posix()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]
    assert len(calls) > 100
    for path, node in calls:
        hints = [k.value for k in node.keywords if k.arg == "hint"]
        empty = bool(hints) and isinstance(hints[0], ast.Constant) and not hints[0].value
        assert hints and not empty, f"{path.name} line {node.lineno}: an error without a hint"
