"""A short, bounded run of the fuzzer (the full form: `make fuzz`), and that it notices what it is there for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fuzz_targets
import pytest
from fuzz_reader import CORPUS, with_random_changes
from make_corpus import inputs

from kneesleeve.sessions.reader import contents_of

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize(("target", "runs"), [("reader", 300), ("verify", 100), ("frames", 1500)])
def test_random_changes_to_the_corpus_break_nothing(target: str, runs: int) -> None:
    with_random_changes(target, runs, seed=2)


@pytest.mark.parametrize("name", sorted(inputs()))
def test_the_saved_corpus_is_whole(name: str) -> None:
    assert (CORPUS / name).is_file()
    fuzz_targets.TARGETS[name.split("/", maxsplit=1)[0]]((CORPUS / name).read_bytes())


def test_repaired_inputs_reach_the_records() -> None:
    """Rubbish, with its checks made good, is read record by record: the fuzzer sees what lies behind the checks."""
    data = fuzz_targets.repaired(b"\x00\x03\x20\x00" * 900, 2, in_sequence=True)
    contents = contents_of(Path("x"), data)
    assert len(contents.stream.records) > 20 and not contents.stream.losses


def test_what_breaks_is_noticed_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import fuzz_reader

    def breaks(data: bytes) -> None:
        raise IndexError(len(data))

    monkeypatch.setattr(fuzz_reader, "FOUND", tmp_path)
    monkeypatch.setitem(fuzz_targets.TARGETS, "reader", breaks)
    with pytest.raises(IndexError):
        with_random_changes("reader", 1, seed=1)
    assert (tmp_path / "reader-crash.bin").is_file()


def test_with_atheris(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is not installed (`make fuzz` installs it)")
    done = subprocess.run(
        [sys.executable, str(HERE / "fuzz_reader.py"), "frames", "200"],
        capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0 and "200 executions" in done.stdout, done.stderr[-2000:]
