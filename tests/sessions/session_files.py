"""Builds session files for tests, with kneecore's own block writer."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

from kneecore import blocks, params
from kneecore.blocks import BlockWriter
from kneecore.stride import BATCH, FIELD_NAMES
from kneesleeve.reference import Detection

CALIBRATION = (0, 90, 1, *([8192, 0, 0, 0, 8192, 0, 0, 0, 8192] * 2), *([0] * 5), 1500, 0, 0, 0, 0, 3)
CUE_MS = 120


class SessionFile:
    """A session under construction; `data()` is its file. The methods write one record each."""

    def __init__(self, session_id: int = 7, *, meta: bool = True, **entries: Any) -> None:
        self._blocks: list[bytes] = []
        self._out = BlockWriter(session_id, lambda block: self._blocks.append(bytes(block)))
        self.strides: list[tuple[int, ...]] = []
        if meta:
            self.record(blocks.META, json.dumps(self.meta(session_id) | entries).encode())

    @staticmethod
    def meta(session_id: int) -> dict[str, Any]:
        return {
            "format": 1, "build": "test", "device": "ab12", "session": session_id, "detector": 1,
            "params": params.defaults(), "rate_hz": 208, "calibration_given": None, "stride_fields": FIELD_NAMES,
        }  # fmt: skip

    def record(self, kind: int, payload: bytes) -> None:
        self._out.record(kind, payload)

    def raw(self, batch: int, n_shank: int = 4, n_thigh: int = 4, mv: int = 1500, ticks_us: int | None = None) -> None:
        """A batch whose samples tell batch, chip (100 shank, 200 thigh), place and channel."""
        at = ticks_us if ticks_us is not None else 20_000 * batch
        rows = [[batch, chip, i, -1, 0, 7] for chip, n in ((100, n_shank), (200, n_thigh)) for i in range(n)]
        samples = b"".join(struct.pack("<6h", *row) for row in rows)
        head = struct.pack("<IIhBB", batch, at & 0x3FFFFFFF, mv, n_shank, n_thigh)
        self.record(blocks.RAW, head + samples)

    def event(self, batch: int, code: int, arg: int = 0) -> None:
        self.record(blocks.EVENT, struct.pack("<IHHi", batch, code, 0, arg))

    def dropout(self, batch: int, samples: int = 256) -> None:
        self.record(blocks.DROPOUT, struct.pack("<IBBHI", batch, 0, blocks.LOST_FIFO, 0, samples))

    def calibration(self, batch: int, values: Sequence[int] = CALIBRATION) -> None:
        self.record(blocks.CALIBRATION, struct.pack("<I32i", batch, *values))

    def stride(self, **fields: int) -> None:
        """A stride; fields that are not given are 0."""
        self.stride_values(tuple(fields.get(name, 0) for name in FIELD_NAMES))

    def stride_values(self, values: Sequence[int]) -> None:
        self.strides.append(tuple(values))
        self.record(blocks.STRIDE, struct.pack(f"<{len(FIELD_NAMES)}i", *values))

    def close(self, batch: int, reason: int = blocks.CLOSED_BUTTON) -> None:
        self.record(blocks.CLOSE, struct.pack("<4I", batch, len(self.strides), 0, reason))

    def data(self) -> bytes:
        self._out.flush()
        return b"".join(self._blocks)


def run_session(batches: int = 200, *, closed: bool = True, session_id: int = 7, **entries: Any) -> SessionFile:
    """A run: accepted in batch 10, a stride every 35 batches from 40 on, each third one cued."""
    s = SessionFile(session_id, **entries)
    for batch in range(1, batches + 1):
        s.raw(batch)
        if batch == 10:
            s.calibration(batch)
        if batch >= 40 and (batch - 40) % 35 == 0:
            number = (batch - 40) // 35
            cued = number % 3 == 2
            s.stride(
                index=number, ic=4 * batch - 80, to=4 * batch - 20, judged=1, collapse_mdeg=1000 + number,
                cue_ms=CUE_MS if cued else 0, cue_batch=batch if cued else 0, batch=batch,
            )  # fmt: skip
            if cued:
                s.event(batch, blocks.E_MOTOR_ON, CUE_MS)
        if batch >= 46 and (batch - 46) % 105 == 70:
            s.event(batch, blocks.E_MOTOR_OFF, CUE_MS)
    if closed:
        s.close(batches)
    return s


class FakeReference:
    """Says what it was given; `calls` tells what it was asked."""

    def __init__(
        self,
        strides: Sequence[tuple[int, ...]],
        calibration: tuple[int, ...] | None = CALIBRATION,
        batch: int = 10,
    ) -> None:
        self.strides, self.calibration, self.batch = list(strides), calibration, batch
        self.calls: list[str] = []
        self.batches = 0
        self.beats: tuple[tuple[int, int, int], ...] = ()
        self.refreshes: tuple[int, ...] = ()

    def calibrate(self, drained: Any, params: Any) -> tuple[tuple[int, ...] | None, int]:
        self.calls.append("calibrate")
        self.batches = len(drained)
        if self.batch > len(drained):
            return None, -1
        return self.calibration, self.batch

    def detect(self, drained: Any, params: Any, calibration: Any, accepted_batch: int) -> Detection:
        self.calls.append("detect")
        self.batches = len(drained)
        return Detection([s for s in self.strides if s[BATCH] <= len(drained)], self.beats, self.refreshes)
