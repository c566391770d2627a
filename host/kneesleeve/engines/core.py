"""kneecore on CPython: the firmware's own text, batch by batch."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from kneecore import faults
from kneecore.pipeline import BEAT, REFRESHED, REFUSED, STRIDES, Pipeline
from kneecore.stride import FIELD_COUNT
from kneesleeve.engines.result import EngineResult
from kneesleeve.recordings.drain import Drained


def run(drained: Drained, params: Mapping[str, int], calibration: Sequence[int] | None = None) -> EngineResult:
    """Every batch through `kneecore.pipeline.Pipeline`, as the firmware does it."""
    return _run(Pipeline(dict(params), list(calibration) if calibration else None), drained)


def resume(state: bytes, drained: Drained, params: Mapping[str, int], calibration: Sequence[int]) -> EngineResult:
    """The batches that follow a saved state (`Pipeline.save`). Raises ValueError for bytes that are no state."""
    pipe = Pipeline(dict(params), list(calibration))
    pipe.restore(state, len(state))
    return _run(pipe, drained)


def _run(pipe: Pipeline, drained: Drained) -> EngineResult:
    strides: list[tuple[int, ...]] = []
    beats: list[tuple[int, int, int]] = []
    refreshes: list[int] = []
    for bits in drive(pipe, drained):
        if bits & STRIDES:
            strides += _records(pipe)
        if bits & REFRESHED:
            refreshes.append(pipe.batches)
        if bits & BEAT:
            beats.append((pipe.batches, pipe.metronome.delay_us, pipe.metronome.beat_ms))
        if bits & REFUSED:
            break
    found = (pipe.fault,) if pipe.fault != faults.NONE else ()
    record = tuple(pipe.calibration) if pipe.calibration else None
    return EngineResult(record, pipe.accepted_batch, strides, found, tuple(beats), tuple(refreshes))


def drive(pipe: Pipeline, drained: Drained) -> Iterator[int]:
    """Feed every batch to the pipeline; yields what each brought (bits of `kneecore.pipeline`)."""
    shank = np.hstack([drained.shank_gyro, drained.shank_accel]).astype("<i2")
    thigh = np.hstack([drained.thigh_gyro, drained.thigh_accel]).astype("<i2")
    losses = dict(drained.losses)
    s = t = 0
    counts = zip(drained.n_shank.tolist(), drained.n_thigh.tolist(), drained.flex_mv.tolist(), strict=True)
    for before, (n_s, n_t, mv) in enumerate(counts):
        _fill(pipe.shank, shank[s : s + n_s])
        _fill(pipe.thigh, thigh[t : t + n_t])
        s, t = s + n_s, t + n_t
        if before in losses:
            pipe.gap(losses[before])
        yield pipe.batch(n_s, n_t, mv)


def _fill(buffer: array[int], samples: np.ndarray) -> None:
    words = array("h", samples.tobytes())
    buffer[: len(words)] = words


def _records(pipe: Pipeline) -> list[tuple[int, ...]]:
    flat = pipe.strides.tolist()
    return [tuple(flat[i * FIELD_COUNT : (i + 1) * FIELD_COUNT]) for i in range(pipe.stride_count)]
