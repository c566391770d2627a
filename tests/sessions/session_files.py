"""Builds session files of both format versions for tests, straight from docs/format.md, without the sleeve's code."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

from block_writers import BlockFile
from raw_records import plain_raw
from stride_bits import TABLE, pack_stride

from kneecore import params
from kneecore.stride import BATCH, FIELD_NAMES
from kneecore.stride import CUE_MS as CUE_MS_FIELD
from kneesleeve.reference import Detection

META, CALIBRATION_RECORD, RAW, STRIDE, EVENT, DROPOUT, CLOSE, STATE, TIME = range(1, 10)
MOTOR_ON, MOTOR_OFF, REFRESHED = 3, 4, 13
CALIBRATION = (0, 90, 1, *([8192, 0, 0, 0, 8192, 0, 0, 0, 8192] * 2), *([0] * 5), 1500, 0, 0, 0, 0, 3)
CUE_MS = 120
Sample = tuple[int, int, int, int, int, int]


class SessionFile:
    """A session under construction; `data()` is its file. The methods write one record each."""

    def __init__(
        self, session_id: int = 7, *, meta: bool = True, version: int = 2, device: str = "ab12", first_write: int = 0,
        **entries: Any,
    ) -> None:  # fmt: skip
        self.version = version
        self.out = BlockFile(version, session_id, device, first_write)
        self.strides: list[tuple[int, ...]] = []
        if meta:
            self.record(META, json.dumps(self.meta(session_id, version, device) | entries).encode())

    @staticmethod
    def meta(session_id: int, version: int = 2, device: str = "ab12") -> dict[str, Any]:
        entries = {
            "format": version, "build": "test", "device": device, "session": session_id, "detector": 1,
            "params": params.defaults(), "rate_hz": 208, "calibration_given": None, "stride_fields": FIELD_NAMES,
        }  # fmt: skip
        return entries if version == 1 else entries | {"level": "raw", "stride_fields": TABLE, "started": None}

    def record(self, kind: int, payload: bytes) -> None:
        self.out.record(kind, payload)

    def raw(self, batch: int, n_shank: int = 4, n_thigh: int = 4, mv: int = 1500, ticks_us: int | None = None) -> None:
        """A batch whose samples tell batch, chip (100 shank, 200 thigh), place and channel, in a record of its own."""
        at = ticks_us if ticks_us is not None else 20_000 * batch
        self.raws([(batch, at & 0x3FFFFFFF, mv, samples(batch, 100, n_shank), samples(batch, 200, n_thigh))])

    def raws(self, batches: Sequence[tuple[int, int, int, Any, Any]]) -> None:
        """Batches as (number, ticks_us, mv, shank, thigh): one record each in format 1, one for all in format 2."""
        if self.version == 1:
            for number, ticks_us, mv, shank, thigh in batches:
                head = struct.pack("<IIhBB", number, ticks_us, mv, len(shank), len(thigh))
                self.record(RAW, head + b"".join(struct.pack("<6h", *row) for row in [*shank, *thigh]))
        else:
            self.record(RAW, plain_raw(batches))

    def event(self, batch: int, code: int, arg: int = 0) -> None:
        self.record(EVENT, struct.pack("<IHHi", batch, code, 0, arg))

    def dropout(self, batch: int, samples: int = 256, chip: int = 0, cause: int = 1) -> None:
        self.record(DROPOUT, struct.pack("<IBBHI", batch, chip, cause, 0, samples))

    def calibration(self, batch: int, values: Sequence[int] = CALIBRATION) -> None:
        self.record(CALIBRATION_RECORD, struct.pack("<I32i", batch, *values))

    def stride(self, **fields: int) -> None:
        """A stride; fields that are not given are 0."""
        self.stride_values(tuple(fields.get(name, 0) for name in FIELD_NAMES))

    def stride_values(self, values: Sequence[int]) -> None:
        self.strides.append(tuple(values))
        self.record(STRIDE, struct.pack(f"<{len(values)}i", *values) if self.version == 1 else pack_stride(values))

    def state(self, batch: int, data: bytes, kind: int = 1) -> None:
        self.record(STATE, struct.pack("<IB3x", batch, kind) + data)

    def time(self, batch: int, ticks_ms: int, unix_ms: int) -> None:
        self.record(TIME, struct.pack("<IIq", batch, ticks_ms, unix_ms))

    def close(self, batch: int, reason: int = 1, thigh_ppm: int = 0, shank_ppm: int = 0) -> None:
        clocks = struct.pack("<2i", thigh_ppm, shank_ppm) if self.version > 1 else b""
        cues = sum(s[CUE_MS_FIELD] > 0 for s in self.strides)
        self.record(CLOSE, struct.pack("<4I", batch, len(self.strides), cues, reason) + clocks)
        self.out.status &= ~1

    def data(self) -> bytes:
        return self.out.data()


def samples(batch: int, chip: int, n: int) -> list[Sample]:
    return [(batch & 0x7FFF, chip, i, -1, 0, 7) for i in range(n)]


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
                over=int(cued), threshold_mdeg=500 if cued else 5000,
                cue_ms=CUE_MS if cued else 0, cue_batch=batch if cued else 0, batch=batch,
            )  # fmt: skip
            if cued:
                s.event(batch, MOTOR_ON, CUE_MS)
        if batch >= 46 and (batch - 46) % 105 == 70:
            s.event(batch, MOTOR_OFF, CUE_MS)
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
        self.losses: tuple[tuple[int, int], ...] = ()
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
        self.batches, self.losses = len(drained), drained.losses
        return Detection([s for s in self.strides if s[BATCH] <= len(drained)], self.beats, self.refreshes)
