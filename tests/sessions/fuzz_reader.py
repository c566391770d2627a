"""Fuzzes the session reader and the frame decoder: `python tests/sessions/fuzz_reader.py reader|frames [-runs=N]`.

With atheris (coverage-guided, `pip install 'kneesleeve[fuzz]'`), else with random changes to the saved corpus, which
reach less. New inputs that atheris finds are kept in `out/fuzz/`; what breaks is written there too.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
FOUND = HERE.parents[1] / "out" / "fuzz"
LONGEST = {"reader": 2 * 4096 + 1, "frames": 1200}  # bytes: two blocks; two of the longest frames


def with_atheris(target: str, words: list[str]) -> None:
    import atheris  # pyright: ignore[reportMissingImports]

    with atheris.instrument_imports(  # pyright: ignore[reportAttributeAccessIssue]
        include=["kneesleeve.sessions", "kneesleeve.link.codec"]
    ):
        from fuzz_targets import TARGETS

    new = FOUND / target
    new.mkdir(parents=True, exist_ok=True)
    usual = [f"-max_len={LONGEST[target]}", "-timeout=10", "-rss_limit_mb=1024", "-seed=1"]
    usual.append(f"-artifact_prefix={FOUND}/{target}-")
    atheris.Setup([sys.argv[0], *usual, *words, str(new), str(CORPUS / target)], TARGETS[target])
    atheris.Fuzz()


def with_random_changes(target: str, runs: int, seed: int = 1) -> None:
    """Raises what the target raises, after writing the input to `out/fuzz/`."""
    from fuzz_targets import TARGETS

    chance = random.Random(seed)
    inputs = [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]
    for _ in range(runs):
        data = changed(chance.choice(inputs), chance)
        try:
            TARGETS[target](data[: LONGEST[target]])
        except BaseException:
            FOUND.mkdir(parents=True, exist_ok=True)
            (FOUND / f"{target}-crash.bin").write_bytes(data)
            raise


def changed(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, a stretch taken out, put in or repeated."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 2, 4, 16))):
        at, n = chance.randrange(len(out) + 1), chance.choice((1, 2, 4, 8, 32))
        kind = chance.randrange(5)
        if kind < 3:
            piece = (chance.randbytes(n), b"\xff" * n, chance.choice((0, 1, 127, 128, 255)).to_bytes(1, "little"))[kind]
            out[at : at + len(piece)] = piece
        elif kind == 3:
            del out[at : at + n]
        else:
            out[at:at] = out[max(0, at - n) : at]
    return bytes(out)


def main(target: str, *words: str) -> None:
    """Until the runs are through, or something breaks."""
    try:
        import atheris  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError:
        runs = next((int(w.removeprefix("-runs=")) for w in words if w.startswith("-runs=")), 1_000_000)
        print("atheris is not installed: random changes to the corpus, without coverage", file=sys.stderr)
        start = time.monotonic()
        with_random_changes(target, runs)
        print(f"{target}: {runs} executions in {time.monotonic() - start:.0f} s, nothing broke")
    else:
        with_atheris(target, list(words))


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    main(*sys.argv[1:])
