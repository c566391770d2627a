"""Writes a run into its session file, block by block, without allocating while running."""

import json
import struct

from kneecore import blocks, faults
from kneecore.blocks import BLOCK, BlockWriter
from kneecore.stride import FIELD_COUNT, FIELD_NAMES

from . import BUILD, store

_RAW_HEAD = 12
_STRIDE_BYTES = 4 * FIELD_COUNT
_NO_SPACE = 28


class Recorder:
    """One session. After a storage error `fault` is set and the rest of the run is not recorded; cueing goes on."""

    def __init__(self, board, config):
        self.session_id, self._file = store.create()
        self.fault = faults.NONE
        self.strides = self.cues = 0
        self._out = BlockWriter(self.session_id, self._write)
        meta = {
            "format": blocks.VERSION,
            "build": BUILD,
            "detector": 1,
            "device": board.device_id,
            "board": board.name,
            "session": self.session_id,
            "params": config.params,
            "rate_hz": 208,
            "gyro_udps_per_lsb": 70000,
            "accel_ug_per_lsb": 488,
            "calibration_given": config.calibration,
            "stride_fields": FIELD_NAMES,
            "started": None,
        }
        self._out.record(blocks.META, json.dumps(meta).encode())

    def _write(self, block):
        if self.fault or self._file is None:
            return
        number = (
            block[12] | (block[13] << 8) | (block[14] << 16)
        )  # its place: a block that comes again overwrites itself
        try:
            self._file.seek(number * BLOCK)
            self._file.write(block)
            self._file.flush()
        except OSError as e:
            self.fault = faults.STORAGE_FULL if e.errno == _NO_SPACE else faults.STORAGE_ERROR

    def raw(self, batch, ticks_us, mv, shank, n_shank, thigh, n_thigh):
        """One batch as drained: samples are int16 arrays of 6 channels."""
        n = 12 * n_shank
        at = self._out.begin(blocks.RAW, _RAW_HEAD + n + 12 * n_thigh)
        struct.pack_into("<IIhBB", self._out.buffer, at, batch, ticks_us, mv, n_shank, n_thigh)
        self._out.put(at + _RAW_HEAD, shank, n)
        self._out.put(at + _RAW_HEAD + n, thigh, 12 * n_thigh)
        self._out.commit()

    def stride(self, record):
        """One stride record: a memoryview of its bytes."""
        at = self._out.begin(blocks.STRIDE, _STRIDE_BYTES)
        self._out.put(at, record, _STRIDE_BYTES)
        self._out.commit()
        self.strides += 1

    def event(self, batch, code, argument):
        """Something happened in this batch."""
        at = self._out.begin(blocks.EVENT, 12)
        struct.pack_into("<IHHi", self._out.buffer, at, batch, code, 0, argument)
        self._out.commit()

    def dropout(self, batch, chip, cause, lost):
        """Samples were lost: chip 0 shank, 1 thigh, 2 both."""
        at = self._out.begin(blocks.DROPOUT, 12)
        struct.pack_into("<IBBHI", self._out.buffer, at, batch, chip, cause, 0, lost)
        self._out.commit()

    def calibration(self, batch, values):
        """The donning's result."""
        self._out.record(blocks.CALIBRATION, struct.pack("<I32i", batch, *values))

    def close(self, batch, reason):
        """Write CLOSE and the last block, and close the file; a second call does nothing."""
        if self._file is None:
            return
        self._out.record(blocks.CLOSE, struct.pack("<4I", batch, self.strides, self.cues, reason))
        self._out.flush()
        self._file.close()
        self._file = None
