"""Writes a run into the ring (docs/format.md): records wait in RAM and go to the flash when the run has time for it.

Nothing is allocated between `start` and `close`. A Ctrl-C may come at any place: `close` finds out what was done.
"""

import struct

from micropython import const

from kneecore import faults
from kneecore import records as r
from kneecore.record_queue import RecordQueue
from kneecore.record_stride import StridePacker
from kneecore.records import put_event, put_u32
from kneecore.ring_writer import PIECE, RingWriter
from kneecore.stride import CUE_MS, FIELDS

from .clock_rates import ClockRates
from .samples import Samples
from .store import RAW_RESERVE_BYTES, STRIDES_BYTES
from .unload import unload

_QUEUE = const(6656)  # bytes: a STATE and 1.2 s of samples held behind it, or 2 s of raw samples
_PAUSE = const(3000)  # batches (a minute) between windows once half of the room for them is used
_US_A_BYTE = const(16)  # of a program call: 3 ms a page of 256, and what goes with it
_LONG_MS = const(20)  # a storage call that took longer is told at the end
_START_MS = const(2000)  # erasing at a run's start that the idle time before did not do


class Recorder:
    """One session after the other, into buffers made once. When the storage fails or is full, `fault` says so and the
    rest of the run is not recorded; cueing goes on."""

    def __init__(self, board, config, store, wall):
        self._queue = RecordQueue(_QUEUE)
        self._samples = Samples(self._queue)
        self._stride_packer = StridePacker(FIELDS)
        self._scratch = bytearray(self._stride_packer.most)
        self._board, self._config, self._store, self._wall = board, config, store, wall
        self._clock = board.clock
        self._writer = RingWriter(store.ring, self._queue)
        from .meta import detector_id

        self._identity = detector_id()  # worked out once, while there is room for a second table
        unload("sleeveapp.meta")
        self._reset()

    def _reset(self):
        self.fault = faults.NONE
        self.strides = self.cues = 0
        self.recording = False
        self._pulse_told = False
        self.reduced = False  # samples stopped: what is left is for strides
        self.longest_ms = 0
        self._close_at = -1  # sequence of the CLOSE that was begun
        self._reserve = self._half = 0
        self._samples.start(r.LEVEL_STRIDES)
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
            self.recording = True
            self._describe(number)
            self._writer.flush()
            self._set_level()
            unload("sleeveapp.meta", "kneecore.params")
        except OSError:
            self._failed()

    def _describe(self, number):
        ticks_ms = self._clock.ticks_ms()
        unix_ms = self._wall.now_ms(ticks_ms)
        level = r.LEVEL_NAMES[self._config.record_level]
        from .meta import meta  # leaves the heap again at the end of `start`

        said = meta(self._board, self._config, number, self._store.boot, level, unix_ms, self._identity)
        self._queue.record(r.META, said, 0)
        if unix_ms is not None:
            self._queue.record(r.TIME, struct.pack("<IIq", 0, ticks_ms, unix_ms), 0)

    def _set_level(self):
        """An engineer who asks for everything gets it until half an hour of strides is left; the usual level keeps 4 hours."""
        level = self._config.record_level
        self._samples.start(level)
        self._reserve = RAW_RESERVE_BYTES if level == r.LEVEL_RAW else STRIDES_BYTES
        self._half = (self._writer.left + self._reserve) // 2

    # --- in a run

    def raw(self, batch, ticks_us, mv, shank, n_shank, thigh, n_thigh):
        """One batch as drained: samples are int16 arrays of 6 channels."""
        self._rates.batch(ticks_us, n_shank, n_thigh)
        if self.recording:
            self._samples.batch(batch, ticks_us, mv, shank, n_shank, thigh, n_thigh)

    def stride(self, batch, values):
        """One stride: a memoryview of its words."""
        if not self.recording:
            return
        cued = values[CUE_MS] > 0
        self._samples.stride(batch, cued)
        n = self._stride_packer.pack(values, self._scratch, 0)
        at = self._begin(batch, r.STRIDE, n)
        if at >= 0:
            self._queue.put(at, self._scratch, n)
            self._queue.commit(batch)
            self.strides += 1
        self._samples.strode(batch, cued)

    def event(self, batch, code, argument):
        """Something happened in this batch."""
        at = self._begin(batch, r.EVENT, 12)
        if at >= 0:
            put_event(self._queue.buffer, at, batch, code, argument)
            self._queue.commit(batch)

    def motor(self, batch, code, argument):
        """A cue began or ended, a beat is due; without samples the strides say it."""
        if self._samples.on or self._pulse_told:
            self.event(batch, code, argument)
            self._pulse_told = code == r.E_MOTOR_ON  # its end is told, too, whatever comes between

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
        self._samples.lost()

    def calibration(self, batch, values):
        """The donning's result. Allocates: nothing runs yet."""
        at = self._begin(batch, r.CALIBRATION, 132)
        if at >= 0:
            struct.pack_into("<I32i", self._queue.buffer, at, batch, *values)
            self._queue.commit(batch)

    def due(self, batch):
        """True if `write` must be called now."""
        if not self.recording:
            return False
        return self._queue.due(batch) or (self._samples.would_hold and not self._queue.empty)

    @property
    def write_us(self):
        """About how long the next `write` will take."""
        return _US_A_BYTE * self._queue.run(PIECE)

    def state(self, pipe):
        """When all is said of a batch and written that had to be: the detector's state, where the record needs it."""
        if self.recording:
            self._samples.after(pipe)

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
        if self._samples.level != r.LEVEL_STRIDES:
            self._watch_room(batch)

    def _watch_room(self, batch):
        """What is left must hold the reserve of strides; before that, windows are spread out."""
        left = self._writer.left
        self._samples.pause = _PAUSE if left < self._half else 0
        if left < self._reserve:
            self._samples.stop(batch)
            self.event(batch, r.E_LEVEL, r.LEVEL_STRIDES)
            self.reduced = True

    def _end_full(self, batch):
        """No room for what waits: its place is kept for the end."""
        self.fault = faults.STORAGE_FULL
        self._queue.drop()
        self._samples.start(r.LEVEL_STRIDES)
        self._put_close(batch, r.CLOSED_FULL)
        self.recording = False
        self._writer.end()

    def _failed(self):
        self.fault = faults.STORAGE_ERROR
        self.recording = False

    # --- records

    def _begin(self, batch, kind, n):
        """Where in the queue's buffer the payload belongs; -1 if nothing is recorded or there is no room (a DROPOUT will say so)."""
        if not self.recording or self._close_at >= 0:  # behind a CLOSE that was begun nothing follows
            return -1
        self._samples.drop()
        self._samples.close(batch)
        at = self._queue.begin(kind, n)
        if at < 0:
            self._queue.overrun(batch, 0)
            self._samples.lost()
        return at

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
            self.recording = False
            if self._close_at >= 0 and self._writer.close():
                self._close_at = -1
                self._store.wake()
        except OSError:
            self._failed()

    def _finish(self, batch):
        self._samples.drop()
        self._samples.close(batch)
        if self.longest_ms > _LONG_MS:
            self.event(batch, r.E_STORAGE, self.longest_ms)
        if not self._writer.flush():
            self._queue.drop()
            self.fault = faults.STORAGE_FULL
