"""The chain without a board: a synthesised runner through kneecore into a session file, proven by the reference."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from session_files import MOTOR_OFF, MOTOR_ON, RAW, REFRESHED, SessionFile

from kneecore import packing, params, pipeline
from kneecore.pipeline import Pipeline
from kneecore.stride import CUE_MS, FIELD_COUNT
from kneesleeve.recordings import Batch, drain, named_runner, synthesise
from kneesleeve.services.verify import verify
from kneesleeve.sessions.reader import contents_of, open_session

RUN_S = 40.0


class Recorder:
    """Runs batches through kneecore and records them: unpacked in format 1, by the sleeve's own packer in format 2."""

    def __init__(self, version: int) -> None:
        self.file = SessionFile(version=version)
        self._pipe = Pipeline(params.defaults())
        self._packer = packing.Packer()
        self._out = bytearray(packing.MAX_PAYLOAD)
        self._off: tuple[int, int] | None = None

    def take(self, batch: Batch) -> None:
        chips = ((batch.shank_gyro, batch.shank_accel), (batch.thigh_gyro, batch.thigh_accel))
        rows = [np.hstack([gyro, accel]) for gyro, accel in chips]
        words = [array("h", chip.astype("<i2").tobytes()) for chip in rows]
        for buffer, content in zip((self._pipe.shank, self._pipe.thigh), words, strict=True):
            buffer[: len(content)] = content
        self._stop_pulse(batch.index)
        bits = self._pipe.batch(len(rows[0]), len(rows[1]), batch.flex_mv)
        if self.file.version == 1:
            self.file.raws([(batch.index, batch.ticks_us, batch.flex_mv, rows[0].tolist(), rows[1].tolist())])
        else:
            self._pack(batch.index, batch.ticks_us, batch.flex_mv, words[0], len(rows[0]), words[1], len(rows[1]))
        if bits & (pipeline.ACCEPTED | pipeline.REFUSED):
            self.flush()
            self.file.calibration(batch.index, self._pipe.calibration or ())
        if bits & pipeline.STRIDES:
            self.flush()
            self._strides(batch.index)
        if bits & pipeline.REFRESHED:
            self.flush()
            self.file.event(batch.index, REFRESHED)

    def _pack(self, *batch: Any) -> None:
        if not self._packer.add(*batch):
            self.flush()
            self._packer.add(*batch)

    def flush(self) -> None:
        """The RAW record that is being filled."""
        if self._packer.batches:
            self.file.record(RAW, bytes(self._out[: self._packer.pack(self._out, 0)]))

    def _strides(self, batch: int) -> None:
        for i in range(self._pipe.stride_count):
            stride = self._pipe.strides[i * FIELD_COUNT : (i + 1) * FIELD_COUNT]
            self.file.stride_values(stride)
            if stride[CUE_MS]:
                self.file.event(batch, MOTOR_ON, stride[CUE_MS])
                self._off = (batch + stride[CUE_MS] // 20 + 1, stride[CUE_MS])

    def _stop_pulse(self, batch: int) -> None:
        if self._off and self._off[0] <= batch:
            self.file.event(batch - 1, MOTOR_OFF, self._off[1])
            self._off = None


@pytest.fixture(scope="module", params=[1, 2], ids=["format1", "format2"])
def made(request: pytest.FixtureRequest) -> SessionFile:
    recorder = Recorder(request.param)
    drained = drain(synthesise(named_runner("collapsing", seed=3, side="L", run_s=RUN_S))[0])
    for batch in drained.batches():
        recorder.take(batch)
    recorder.flush()
    recorder.file.close(len(drained))
    return recorder.file


@pytest.fixture
def recorded(made: SessionFile) -> bytes:
    return made.data()


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


def test_one_changed_sample_is_found(made: SessionFile, path: Path) -> None:
    path.write_bytes(with_changed_samples(made, path, share=0.9))
    v = verify(open_session(path))
    assert v.verdict == "differs" and v.exit_code == 1 and v.difference and v.difference.time_s


def with_changed_samples(made: SessionFile, path: Path, share: float) -> bytes:
    """The session with the signs of the shank samples of some batches turned, every check renewed."""
    contents = contents_of(path, made.data())
    run, out = contents.raw_run, SessionFile(version=made.version, meta=False)
    ends, row = (run.n_shank.cumsum(), run.n_thigh.cumsum()), 0
    for record in contents.stream.records:
        if record.kind != RAW:
            out.record(record.kind, record.payload)
            continue
        n = record.payload[4] if made.version > 1 else 1
        for i in range(row, row + n):
            shank = run.shank[ends[0][i] - run.n_shank[i] : ends[0][i]].tolist()
            thigh = run.thigh[ends[1][i] - run.n_thigh[i] : ends[1][i]].tolist()
            if share < i / len(run) < share + 0.02:
                shank = [[~v for v in sample] for sample in shank]
            out.raws([(int(run.batch[i]), int(run.ticks_us[i]), int(run.flex_mv[i]), shank, thigh)])
        row += n
    return out.data()
