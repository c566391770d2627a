"""Writes a run into the ring (docs/format.md): records wait in RAM and go to the flash when the run has time for it.

Nothing is allocated between `start` and `close`. A Ctrl-C may come at any place: `close` finds out what was done.
"""

import struct

from micropython import const

from kneecore import faults
from kneecore import records as r
from kneecore.packing import Packer
from kneecore.record_queue import RecordQueue
from kneecore.record_stride import StridePacker
from kneecore.records import put_u32
from kneecore.ring_writer import RingWriter
from kneecore.stride import FIELDS

from .clock_rates import ClockRates
from .meta import meta
from .store import STRIDES_BYTES

_QUEUE = const(5120)  # bytes: 1.5 s of raw samples; META must find room, too
_LONG_MS = const(20)  # a storage call that took longer is told at the end
_START_MS = const(2000)  # erasing at a run's start that the idle time before did not do


class Recorder:
    """One session after the other, into buffers made once. When the storage fails or is full, `fault` says so and the
    rest of the run is not recorded; cueing goes on."""

    def __init__(self, board, config, store, wall):
        self._queue = RecordQueue(_QUEUE)
        self._packer = Packer()
        self._stride_packer = StridePacker(FIELDS)
        self._scratch = bytearray(self._stride_packer.most)
        self._board, self._config, self._store, self._wall = board, config, store, wall
        self._clock = board.clock
        self._writer = RingWriter(store.ring, self._queue)
        self._reset()

    def _reset(self):
        self.fault = faults.NONE
        self.strides = self.cues = 0
        self.raw_on = False  # samples, and the motor's ons and offs, are recorded
        self.recording = False
        self.longest_ms = 0
        self._open_at = self._close_at = -1  # sequence of a RAW, of the CLOSE, that was begun
        self._rates = ClockRates()

    # --- at rest

    def start(self):
        """Begin a session and write what it says of itself. Where that is not possible `fault` tells why."""
        self._reset()
        store, clock = self._store, self._clock
        if store.broken:
            self.fault = faults.STORAGE_ERROR
            return
        try:
            store.wake()
            until = clock.ticks_add(clock.ticks_ms(), _START_MS)
            while store.work() and clock.ticks_diff(until, clock.ticks_ms()) > 0:
                pass
            number = store.next_number()
            if not self._writer.open(number):
                self.fault = faults.STORAGE_FULL
                return
            self._packer.drop()
            self.recording = True
            self._describe(number)
            self._writer.flush()
        except OSError:
            self._failed()

    def _describe(self, number):
        ticks_ms = self._clock.ticks_ms()
        unix_ms = self._wall.now_ms(ticks_ms)
        self.raw_on = self._config.record_level == r.LEVEL_RAW
        level = r.LEVEL_NAMES[r.LEVEL_RAW if self.raw_on else r.LEVEL_STRIDES]
        said = meta(self._board, self._config, number, self._store.boot, level, unix_ms)
        self._queue.record(r.META, said, 0)
        if unix_ms is not None:
            self._queue.record(r.TIME, struct.pack("<IIq", 0, ticks_ms, unix_ms), 0)

    # --- in a run

    def raw(self, batch, ticks_us, mv, shank, n_shank, thigh, n_thigh):
        """One batch as drained: samples are int16 arrays of 6 channels."""
        self._rates.batch(ticks_us, n_shank, n_thigh)
        if not (self.raw_on and self.recording):
            return
        packer = self._packer
        if not packer.add(batch, ticks_us, mv, shank, n_shank, thigh, n_thigh):
            self._close_raw(batch)
            packer.add(batch, ticks_us, mv, shank, n_shank, thigh, n_thigh)
        if packer.due(batch):
            self._close_raw(batch)

    def stride(self, batch, values):
        """One stride: a memoryview of its words."""
        self.strides += 1
        n = self._stride_packer.pack(values, self._scratch, 0)
        at = self._begin(batch, r.STRIDE, n)
        if at >= 0:
            self._queue.put(at, self._scratch, n)
            self._queue.commit(batch)

    def event(self, batch, code, argument):
        """Something happened in this batch."""
        at = self._begin(batch, r.EVENT, 12)
        if at >= 0:
            b = self._queue.buffer
            put_u32(b, at, batch)
            put_u32(b, at + 4, code)
            put_u32(b, at + 8, argument)
            self._queue.commit(batch)

    def motor(self, batch, code, argument):
        """A cue began or ended, a beat is due; without samples the strides say it."""
        if self.raw_on:
            self.event(batch, code, argument)

    def dropout(self, batch, chip, cause, lost):
        """Samples were lost: chip 0 shank, 1 thigh, 2 both."""
        self._rates.gap()
        at = self._begin(batch, r.DROPOUT, 12)
        if at >= 0:
            b = self._queue.buffer
            put_u32(b, at, batch)
            put_u32(b, at + 4, chip | (cause << 8))
            put_u32(b, at + 8, lost)
            self._queue.commit(batch)

    def calibration(self, batch, values):
        """The donning's result. Allocates: nothing runs yet."""
        at = self._begin(batch, r.CALIBRATION, 132)
        if at >= 0:
            struct.pack_into("<I32i", self._queue.buffer, at, batch, *values)
            self._queue.commit(batch)

    def due(self, batch):
        """True if `write` must be called now."""
        return self.recording and self._queue.due(batch)

    def write(self, batch):
        """Give the flash the oldest records: one program call of at most about 1 kB, and a block's header where one is full."""
        if not self.recording:
            return
        clock = self._clock
        since = clock.ticks_us()
        try:
            self._writer.write_some(1)
            if self._writer.full:
                self._end_full(batch)
        except OSError:
            self._failed()
        took_ms = clock.ticks_diff(clock.ticks_us(), since) // 1000
        if took_ms > self.longest_ms:
            self.longest_ms = took_ms
        if self.raw_on and self._writer.left < STRIDES_BYTES:
            self._stop_raw(batch)

    def _stop_raw(self, batch):
        """What is left must hold 4 hours of strides."""
        self.event(batch, r.E_LEVEL, r.LEVEL_STRIDES)
        self.raw_on = False

    def _end_full(self, batch):
        """No room for what waits: its place is kept for the end."""
        self.fault = faults.STORAGE_FULL
        self._queue.drop()
        self._packer.drop()
        self._put_close(batch, r.CLOSED_FULL)
        self.recording = self.raw_on = False
        self._writer.end()

    def _failed(self):
        self.fault = faults.STORAGE_ERROR
        self.recording = self.raw_on = False

    # --- records

    def _begin(self, batch, kind, n):
        """Where in the queue's buffer the payload belongs; -1 if nothing is recorded or there is no room (a DROPOUT will say so)."""
        if not self.recording:
            return -1
        self._close_raw(batch)
        at = self._queue.begin(kind, n)
        if at < 0:
            self._queue.overrun(batch, 0)
        return at

    def _close_raw(self, batch):
        """Batches that wait in the packer become a RAW record: it stands before all that is said of its last batch."""
        q, packer = self._queue, self._packer
        if self._open_at >= 0:  # a Ctrl-C came when one was half done
            if self._open_at == q.sequence and not packer.batches:
                q.commit(batch)
            self._open_at = -1
        if not packer.batches:
            return
        n = packer.size()
        at = q.begin(r.RAW, n) if n <= r.MOST_RAW else -1
        if at < 0:
            q.overrun(packer.first - 1, packer.samples)
            packer.drop()
            return
        self._open_at = q.sequence
        packer.pack(q.buffer, at)
        q.commit(batch)
        self._open_at = -1

    def _put_close(self, batch, reason):
        """The CLOSE record, once, however often a Ctrl-C comes."""
        q = self._queue
        if self._close_at >= 0 and q.sequence != self._close_at:
            return
        thigh_ppm, shank_ppm = self._rates.ppm()
        at = q.begin(r.CLOSE, 24)
        self._close_at = q.sequence
        struct.pack_into("<4I2i", q.buffer, at, batch, self.strides, self.cues, reason, thigh_ppm, shank_ppm)
        q.commit(batch)

    # --- at the end

    def close(self, batch, reason):
        """Write all that waits, then CLOSE; a second call does nothing. Allocates."""
        if self._writer.broken:
            return
        try:
            if self.recording and self._close_at < 0:
                self._finish(batch)
            if self.recording:
                self._put_close(batch, reason if self.fault != faults.STORAGE_FULL else r.CLOSED_FULL)
            self.recording = self.raw_on = False
            if self._close_at >= 0 and self._writer.close():
                self._close_at = -1
                self._store.wake()
        except OSError:
            self._failed()

    def _finish(self, batch):
        self._close_raw(batch)
        if self.longest_ms > _LONG_MS:
            self.event(batch, r.E_STORAGE, self.longest_ms)
        if not self._writer.flush():
            self._queue.drop()
            self.fault = faults.STORAGE_FULL
