"""Fuzzes the session reader, `verify` behind it, and the frame decoder.

`python tests/sessions/fuzz_reader.py reader|verify|frames [EXECUTIONS]`

With atheris (coverage-guided, `pip install 'kneesleeve[fuzz]'`), else with random changes to the saved corpus, which
reach less. New inputs that atheris finds are kept in `out/fuzz/`; what breaks is written there too.
It goes in rounds, a process each: instrumented code loses some 4 kB an execution, and a limit on memory is wanted.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
FOUND = HERE.parents[1] / "out" / "fuzz"
ROUND = 100_000
LONGEST = {
    "reader": 3 * 4096 + 1,
    "verify": 3 * 4096 + 1,
    "frames": 1200,
}  # bytes: three blocks; two of the longest frames
INPUTS = {"reader": "reader", "verify": "reader", "frames": "frames"}  # folders of the corpus


def with_atheris(target: str, runs: int, seed: int) -> None:
    """Ends the process."""
    import atheris  # pyright: ignore[reportMissingImports, reportMissingModuleSource]

    with atheris.instrument_imports(  # pyright: ignore[reportAttributeAccessIssue]
        include=["kneesleeve.sessions", "kneesleeve.link.codec"]
    ):
        from fuzz_targets import TARGETS

    new = FOUND / target
    new.mkdir(parents=True, exist_ok=True)
    usual = [f"-max_len={LONGEST[target]}", "-timeout=10", "-rss_limit_mb=1024"]
    usual += [f"-artifact_prefix={FOUND}/{target}-", f"-runs={runs}", f"-seed={seed}", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *usual, str(new), str(CORPUS / INPUTS[target])], TARGETS[target])
    atheris.Fuzz()


def with_random_changes(target: str, runs: int, seed: int) -> None:
    """Raises what the target raises, after writing the input to `out/fuzz/`."""
    from fuzz_targets import TARGETS

    chance = random.Random(seed)
    inputs = [path.read_bytes() for path in sorted((CORPUS / INPUTS[target]).iterdir())]
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


def one_round(target: str, runs: int, seed: int) -> None:
    """In this process."""
    try:
        import atheris  # noqa: F401  # pyright: ignore[reportMissingImports, reportMissingModuleSource]
    except ImportError:
        with_random_changes(target, runs, seed)
    else:
        with_atheris(target, runs, seed)


def main(target: str, executions: str = "1000000", *seed: str) -> int:
    """All rounds, until they are through or something breaks; with a seed, that round in this process."""
    left, number, start = int(executions), 0, time.monotonic()
    if seed:
        one_round(target, left, int(seed[0]))
        return 0
    if not find_spec("atheris"):
        print("atheris is not installed: random changes to the corpus, without coverage", file=sys.stderr)
    while left > 0:
        number += 1
        words = [target, str(min(left, ROUND)), str(number)]
        code = subprocess.run([sys.executable, __file__, *words], check=False).returncode
        if code:
            print(f"{target}: something broke in round {number}; the input is in {FOUND}", file=sys.stderr)
            return code
        left -= ROUND
        done = int(executions) - max(left, 0)
        print(f"{target}: {done} executions in {time.monotonic() - start:.0f} s, nothing broke", flush=True)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.exit(main(*sys.argv[1:]))
