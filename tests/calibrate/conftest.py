"""Donnings of the built-in runner, good and bad, as recordings and as session files."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "sessions"))

from format1_writer import BlockWriter  # pyright: ignore[reportMissingImports]

from kneecore import params, records
from kneecore.stride import FIELD_NAMES
from kneesleeve.recordings import Drained, Recording, RunnerSpec, Truth, drain, synthesise
from kneesleeve.report.explained import Explanation
from kneesleeve.services.explain import explain_recording

Write = Callable[..., Path]


@lru_cache(maxsize=32)
def runner(seed: int = 3, **fields: float | str) -> tuple[Recording, Truth]:
    """A donning and a second of running."""
    return synthesise(RunnerSpec(**({"seed": seed, "run_s": 1.0, "transition_s": 1.0} | fields)))  # type: ignore[arg-type]


def explained(recording: Recording) -> Explanation:
    return explain_recording(recording, params.defaults() | {"side": int(recording.side == "R")})


def turned(recording: Recording, sensor: str, matrix: np.ndarray) -> Recording:
    """With one sensor mounted otherwise: matrix [3, 3] takes its old axes to the new ones."""
    arrays = {}
    for kind in ("gyro", "accel"):
        name = f"{sensor}_{kind}"
        arrays[name] = np.rint(getattr(recording, name) @ matrix.T).clip(-32768, 32767).astype(np.int16)
    return replace(recording, **arrays)


def upside_down(recording: Recording) -> Recording:
    return turned(recording, "thigh", np.diag([-1.0, 1.0, -1.0]))


def swapped(recording: Recording) -> Recording:
    r = recording
    return replace(
        r, thigh_gyro=r.shank_gyro, thigh_accel=r.shank_accel, shank_gyro=r.thigh_gyro, shank_accel=r.thigh_accel
    )


def wobbling(recording: Recording) -> Recording:
    """The thigh turns about its long axis as much as about the bending axis, in another rhythm; not while still."""
    gyro = recording.thigh_gyro.astype(np.float64)
    at = np.arange(len(gyro)) / 208
    gyro[:, 2] += np.where((at > 6) & (at < 26), 900 * np.sin(2 * np.pi * at), 0)
    return replace(recording, thigh_gyro=gyro.astype(np.int16))


@pytest.fixture
def write_session(tmp_path: Path) -> Write:
    """Writes a session file of drained samples."""

    def write(
        drained: Drained,
        record: Sequence[int] | None,
        batch: int,
        *,
        side: int = 1,
        name: str = "0007",
        dropout: int = 0,
        **meta: object,
    ) -> Path:
        parts: list[bytes] = []
        out = BlockWriter(7, lambda block: parts.append(bytes(block)))
        values = {"format": 1, "build": "test", "session": 7, "stride_fields": FIELD_NAMES, "calibration_given": None}
        out.record(records.META, json.dumps(values | {"params": params.defaults() | {"side": side}} | meta).encode())
        for b in drained.batches():
            if b.index == dropout:
                out.record(records.DROPOUT, struct.pack("<IBBHI", dropout, 0, records.LOST_FIFO, 0, 256))
            samples = [np.hstack(p).tobytes() for p in ((b.shank_gyro, b.shank_accel), (b.thigh_gyro, b.thigh_accel))]
            head = struct.pack("<IIhBB", b.index, b.ticks_us, b.flex_mv, len(b.shank_gyro), len(b.thigh_gyro))
            out.record(records.RAW, head + b"".join(samples))
            if record is not None and b.index == batch:
                out.record(records.CALIBRATION, struct.pack("<I32i", batch, *record))
        out.record(records.CLOSE, struct.pack("<4I", len(drained), 0, 0, 1))
        out.flush()
        path = tmp_path / f"{name}.sleeve"
        path.write_bytes(b"".join(parts))
        return path

    return write


@pytest.fixture
def good() -> Recording:
    return runner()[0]


@pytest.fixture
def good_drained(good: Recording) -> Drained:
    return drain(good)
