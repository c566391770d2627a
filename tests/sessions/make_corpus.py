"""Writes the small corpus the fuzzer starts from: `python tests/sessions/make_corpus.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from block_writers import BLOCK
from fuzz_targets import AS_IS, EXAMINE, IN_SEQUENCE, VERSION_2
from session_files import SessionFile, run_session

from kneecore import params
from kneecore.pipeline import STRIDES, Pipeline
from kneesleeve.engines.core import drive
from kneesleeve.link.codec import encode
from kneesleeve.recordings import RunnerSpec, drain, synthesise

CORPUS = Path(__file__).resolve().parent / "corpus"


def small(version: int) -> bytes:
    """One block with a record of every type."""
    made = SessionFile(version=version)
    made.raw(1)
    made.calibration(2)
    made.stride(index=1, ic=9, to=-0x20000000, batch=3)
    made.event(3, 3, 100)
    made.dropout(3)
    if version > 1:
        made.state(3, b"state" * 9)
        made.time(3, 60, 1_700_000_000_000)
    made.record(77, b"unknown")
    made.close(4)
    return made.data()


def window(batches: int = 12) -> bytes:
    """A window of a run of the built-in runner: STATE after a stride, then samples."""
    drained = drain(synthesise(RunnerSpec(seed=1, side="L", run_s=8.0))[0])
    pipe, buffer, found = Pipeline(params.defaults()), bytearray(4096), 0
    for bits in drive(pipe, drained):
        found += bool(bits & STRIDES)
        if found == 4:
            break
    first = pipe.batches
    assert pipe.calibration
    made = SessionFile(level="windows")
    made.calibration(pipe.accepted_batch, pipe.calibration)
    made.event(first, 12, 1)
    made.state(first, bytes(buffer[: pipe.save(buffer)]))
    rows = []
    for batch in list(drained.batches())[first : first + batches]:
        shank = np.hstack([batch.shank_gyro, batch.shank_accel]).tolist()
        thigh = np.hstack([batch.thigh_gyro, batch.thigh_accel]).tolist()
        rows.append((batch.index, batch.ticks_us, batch.flex_mv, shank, thigh))
    for row in rows:
        made.raws([row])
    made.event(first + batches, 12, 0)
    made.close(first + batches + 50)
    return made.data()


def inputs() -> dict[str, bytes]:
    """Path in the corpus to bytes."""
    found = {}
    for version in (1, 2):
        flags = (VERSION_2 if version > 1 else 0) | IN_SEQUENCE
        data = small(version)
        found[f"reader/format{version}"] = bytes((flags | EXAMINE,)) + data.rstrip(b"\xff")
        found[f"reader/format{version}-as-is"] = bytes((AS_IS | EXAMINE,)) + data
        longer = run_session(60, version=version).data()
        found[f"reader/format{version}-two-blocks"] = bytes((flags,)) + longer[: 2 * BLOCK]
    found["reader/window"] = bytes((VERSION_2 | IN_SEQUENCE,)) + window().rstrip(b"\xff")
    empty = SessionFile(version=2, stride_fields=[]).data().rstrip(b"\xff")
    found["reader/empty-meta"] = bytes((VERSION_2 | IN_SEQUENCE,)) + empty
    found["frames/good"] = b"\x03" + encode(0x90, 1, b"pong") + b"console text" + encode(0x91, 2, bytes(range(55)))
    found["frames/escapes"] = b"\x80" + bytes((1, 2, 3, 4, 5, 0xC0, 0xF5)) * 9
    found["frames/cut"] = b"\x00" + encode(0x92, 3, b"\xc0" * 20)[:-2]
    return found


if __name__ == "__main__":
    for name, data in inputs().items():
        (CORPUS / name).parent.mkdir(parents=True, exist_ok=True)
        (CORPUS / name).write_bytes(data)
