"""The chain without a board: a synthesised runner through kneecore into a session file, proven by the reference."""

from __future__ import annotations

import struct
from array import array
from pathlib import Path

import numpy as np
import pytest
from session_files import SessionFile

from kneecore import blocks, params, pipeline
from kneecore.blocks import BLOCK, BlockWriter
from kneecore.pipeline import Pipeline
from kneecore.stride import CUE_MS, FIELD_COUNT
from kneesleeve.recordings import Batch, drain, named_runner, synthesise
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import open_session

RUN_S = 40.0


class Recorder:
    """Runs batches through kneecore and records them as the firmware does."""

    def __init__(self) -> None:
        self.file = SessionFile()
        self._pipe = Pipeline(params.defaults())
        self._off: tuple[int, int] | None = None

    def take(self, batch: Batch) -> None:
        samples = [
            np.hstack([gyro, accel]).astype("<i2").tobytes()
            for gyro, accel in ((batch.shank_gyro, batch.shank_accel), (batch.thigh_gyro, batch.thigh_accel))
        ]
        for buffer, content in zip((self._pipe.shank, self._pipe.thigh), samples, strict=True):
            words = array("h", content)
            buffer[: len(words)] = words
        self._stop_pulse(batch.index)
        bits = self._pipe.batch(len(batch.shank_gyro), len(batch.thigh_gyro), batch.flex_mv)
        counts = (batch.flex_mv, len(batch.shank_gyro), len(batch.thigh_gyro))
        self.file.record(blocks.RAW, struct.pack("<IIhBB", batch.index, batch.ticks_us, *counts) + b"".join(samples))
        if bits & (pipeline.ACCEPTED | pipeline.REFUSED):
            self.file.calibration(batch.index, self._pipe.calibration or ())
        if bits & pipeline.STRIDES:
            self._strides(batch.index)

    def _strides(self, batch: int) -> None:
        for i in range(self._pipe.stride_count):
            stride = self._pipe.strides[i * FIELD_COUNT : (i + 1) * FIELD_COUNT]
            self.file.stride_values(stride)
            if stride[CUE_MS]:
                self.file.event(batch, blocks.E_MOTOR_ON, stride[CUE_MS])
                self._off = (batch + stride[CUE_MS] // 20 + 1, stride[CUE_MS])

    def _stop_pulse(self, batch: int) -> None:
        if self._off and self._off[0] <= batch:
            self.file.event(batch - 1, blocks.E_MOTOR_OFF, self._off[1])
            self._off = None


@pytest.fixture(scope="module")
def recorded() -> bytes:
    recorder = Recorder()
    drained = drain(synthesise(named_runner("collapsing", seed=3, side="L", run_s=RUN_S))[0])
    for batch in drained.batches():
        recorder.take(batch)
    recorder.file.close(len(drained))
    return recorder.file.data()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.sleeve"


def test_a_run_is_exact(recorded: bytes, path: Path) -> None:
    path.write_bytes(recorded)
    v = verify(open_session(path))
    assert (v.verdict, v.calibration, v.exit_code) == ("exact", "exact", 0)
    assert v.checked_strides == v.strides > 40 and v.checked_cues > 0


def test_a_run_cut_anywhere_is_exact_as_far_as_it_goes(recorded: bytes, path: Path) -> None:
    for share in (0.7, 0.8, 0.9, 0.97):
        path.write_bytes(recorded[: int(len(recorded) * share)])
        v = verify(open_session(path))
        assert v.verdict == "exact" and v.exit_code == 3 and v.checked_share > 0.95


def test_a_damaged_record_limits_what_is_checked(recorded: bytes, path: Path) -> None:
    at = len(recorded) * 8 // 10
    path.write_bytes(recorded[:at] + bytes((recorded[at] ^ 1,)) + recorded[at + 1 :])
    v = verify(open_session(path))
    assert v.verdict == "exact" and v.exit_code == 3 and 0.75 < v.checked_share < 0.85
    assert 0 < v.checked_strides < v.strides


def test_one_changed_sample_is_found(recorded: bytes, path: Path) -> None:
    path.write_bytes(with_changed_sample(recorded, len(recorded) * 9 // 10))
    v = verify(open_session(path))
    assert v.verdict == "differs" and v.exit_code == 1 and v.difference and v.difference.time_s


def with_changed_sample(data: bytes, near: int) -> bytes:
    """The file with the signs of all shank samples of some batches turned, every check renewed."""
    from kneesleeve.sessions.records import Record, scan

    out: list[bytes] = []
    writer = BlockWriter(7, lambda block: out.append(bytes(block)))
    for offset in range(0, len(data), BLOCK):
        for part in scan(data[offset : offset + BLOCK], blocks.HEADER):
            assert isinstance(part, Record)
            payload = part.payload
            if part.kind == blocks.RAW and near <= offset < near + 4 * BLOCK:
                payload = payload[:12] + bytes(b ^ 1 if i % 2 else b for i, b in enumerate(payload[12:]))
            writer.record(part.kind, payload)
    writer.flush()
    return b"".join(out)
