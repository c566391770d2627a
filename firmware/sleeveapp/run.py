"""One run from donning to the closed session: the loop that samples, detects, cues and records."""

import gc

from micropython import const

from kneecore import faults, pipeline, records
from kneecore.kernel import MAX_EVENTS
from kneecore.stride import CUE_MS, FIELD_COUNT

from . import states
from .sampler import BATCH_US
from .unload import DONNING, unload

_STOOD_BUZZ_MS = const(80)
_ACCEPTED_BUZZ_MS = const(400)
_REFUSED_BUZZ_MS = const(500)
_TICKS_MASK = const(0x3FFFFFFF)
_LATE_US = const(60000)
_DONNING = pipeline.STOOD | pipeline.ACCEPTED | pipeline.REFUSED


class Run:
    """Made at rest, with its chips configured; `go` returns when the run is over. In `running` nothing is allocated."""

    def __init__(self, board, console, pipe, sampler, recorder):
        self._board, self._console = board, console
        self._pipe, self._sampler, self._recorder = pipe, sampler, recorder
        pipe.before_detection = _let_go_of_donning
        strides = memoryview(pipe.strides)
        self._stride_views = [strides[i * FIELD_COUNT : (i + 1) * FIELD_COUNT] for i in range(MAX_EVENTS)]
        self._due = 0
        self._origin = self._last = 0
        self._reason = 0
        self._cue_on = self._bus_down = self._closed = self._swing = False
        self._beat_ms = self._beat_at = 0
        self._set_state(states.DONNING)

    @property
    def fault(self):
        """The first fault of the run, 0 if none."""
        return self._sampler.fault or self._recorder.fault or self._pipe.fault

    def _set_state(self, state):
        self._console.state = state
        self._recorder.event(self._pipe.batches, records.E_STATE, state)

    def go(self):
        """Sample until the button, a refusal or a fault ends the run. KeyboardInterrupt closes the record and goes on to the caller."""
        try:
            self._start()
            while not self._reason:
                self._wait()
                self._batch()
        except Exception:
            self._reason = records.CLOSED_FAULT
            raise
        finally:
            self.close()

    def _start(self):
        gc.collect()
        self._sampler.start()
        self._origin = self._due = self._last = self._board.clock.ticks_us()

    def _set_running(self):
        """From here on nothing may be allocated."""
        self._set_state(states.RUNNING)
        gc.collect()
        gc.disable()

    def _wait(self):
        """Sleep to the next batch; a pulse that ends before it is ended on time."""
        clock, motor = self._board.clock, self._board.motor
        self._due = clock.ticks_add(self._due, BATCH_US)
        if self._beat_ms:
            self._beat()
        left = clock.ticks_diff(self._due, clock.ticks_us())
        pulse = motor.left_us()
        if motor.on and pulse < left:
            self._sleep(pulse)
            self._stop_pulse()
            left = clock.ticks_diff(self._due, clock.ticks_us())
        self._sleep(left)

    def _beat(self):
        """A step of the metronome, at its moment between two batches."""
        clock = self._board.clock
        self._sleep(clock.ticks_diff(self._beat_at, clock.ticks_us()))
        self._board.motor.pulse(self._beat_ms)
        self._beat_ms = 0

    def _sleep(self, us):
        """sleep_us spins on an ESP32, sleep_ms lets the system idle: so most of it is slept in milliseconds."""
        if us > 0:
            self._board.clock.sleep_ms(us // 1000)
            self._board.clock.sleep_us(us % 1000)

    def _stop_pulse(self):
        if self._board.motor.poll():
            self._pulse_ended()

    def _pulse_ended(self):
        """Record how long a cue really was."""
        if self._cue_on:
            self._cue_on = False
            self._recorder.motor(self._pipe.batches, records.E_MOTOR_OFF, self._board.motor.was_on_ms)

    def _batch(self):
        pipe, s = self._pipe, self._sampler
        self._stop_pulse()
        now = self._board.clock.ticks_us()
        lost = s.drain()
        if lost:
            self._lost(lost, now)
        else:
            self._process(now)
        if s.failures and not self._bus_down:
            self._recorder.event(pipe.batches, records.E_FAULT, s.failing)
        self._bus_down = s.failures > 0
        self._console.poll()
        if self._board.button.pressed():
            self._recorder.event(pipe.batches, records.E_BUTTON, 1)
            self._reason = records.CLOSED_BUTTON
        if s.fault:
            self._reason = records.CLOSED_FAULT
        self._write()

    def _write(self):
        """Give the flash what waits: right after a stride, in swing, and where it has waited long enough.

        Not into a deadline of the motor, and not while the FIFOs wait to be drained: rather than samples of the
        detector, a flash that is too slow costs records, which a DROPOUT counts.
        """
        r, motor, clock = self._recorder, self._board.motor, self._board.clock
        if self._beat_ms or (motor.on and motor.left_us() < r.write_us):
            return
        if clock.ticks_diff(clock.ticks_us(), self._due) > _LATE_US:
            return
        if self._swing or r.due(self._pipe.batches):
            self._swing = False
            r.write(self._pipe.batches)
            if r.reduced:
                self._board.led.off()
        r.state(self._pipe)

    def _process(self, now):
        """Through the detector, into the record, and what comes of it."""
        pipe, s = self._pipe, self._sampler
        bits = pipe.batch(s.n_shank, s.n_thigh, s.mv)
        if s.n_shank or s.n_thigh:
            ticks = self._board.clock.ticks_diff(now, self._origin) & _TICKS_MASK
            self._last = now
            self._recorder.raw(pipe.batches, ticks, s.mv, pipe.shank, s.n_shank, pipe.thigh, s.n_thigh)
        if bits & pipeline.STRIDES:
            self._strides()
        if bits & pipeline.REFRESHED:
            self._recorder.event(pipe.batches, records.E_REFRESHED, 0)
        if bits & pipeline.BEAT:
            self._set_beat(now)
        if bits & _DONNING:
            self._donned(bits)
        if pipe.given and pipe.running and self._console.state != states.RUNNING:
            self._set_running()

    def _strides(self):
        pipe = self._pipe
        for i in range(pipe.stride_count):
            self._recorder.stride(pipe.batches, self._stride_views[i])
            ms = pipe.strides[i * FIELD_COUNT + CUE_MS]
            if ms:
                self._board.motor.pulse(ms)
                self._cue_on = True
                self._recorder.cues += 1
                self._recorder.motor(pipe.batches, records.E_MOTOR_ON, ms)
        self._swing = True

    def _set_beat(self, now):
        metronome = self._pipe.metronome
        self._beat_ms = metronome.beat_ms
        self._beat_at = self._board.clock.ticks_add(now, metronome.delay_us)
        self._recorder.motor(self._pipe.batches, records.E_BEAT, metronome.delay_us * 64 + metronome.beat_ms)

    def _donned(self, bits):
        pipe, r = self._pipe, self._recorder
        if bits & pipeline.STOOD:
            r.event(pipe.batches, records.E_STOOD, 0)
            self._buzz(_STOOD_BUZZ_MS)
            return
        r.calibration(pipe.accepted_batch, pipe.calibration)
        if pipe.fault:
            r.event(pipe.batches, records.E_FAULT, pipe.fault)
        if bits & pipeline.REFUSED:
            r.event(pipe.batches, records.E_REFUSED, pipe.calibration[0])
            self._buzz(_REFUSED_BUZZ_MS)
            self._board.clock.sleep_ms(_REFUSED_BUZZ_MS)  # the end of the run would cut it off
            self._reason = records.CLOSED_FAULT
            return
        r.event(pipe.batches, records.E_ACCEPTED, pipe.calibration[1])
        self._buzz(_ACCEPTED_BUZZ_MS)
        self._set_running()

    def _buzz(self, ms):
        self._board.motor.pulse(ms)
        self._recorder.event(self._pipe.batches, records.E_BUZZ, ms)

    def _lost(self, cause, now):
        """A FIFO ran over, or a burst broke off in the middle: name the loss, start both anew, go on."""
        s, pipe = self._sampler, self._pipe
        lost = self._samples_since(now)
        self._recorder.dropout(pipe.batches, 2, cause, lost)
        if cause == records.LOST_FIFO:
            self._recorder.event(pipe.batches, records.E_FAULT, faults.FIFO_OVERRUN)
        s.restart()
        pipe.gap(lost)
        self._last = now

    def _samples_since(self, now):
        """Samples that the time since the last good batch holds, at most 5 s of them (the product stays below 2^30)."""
        us = self._board.clock.ticks_diff(now, self._last)
        return (us if us < 5_000_000 else 5_000_000) * 208 // 1_000_000

    def close(self):
        """Whatever happened: motor off first, then the record. May be called again.

        Terminals send Ctrl-C in bursts: another one starts this again.
        """
        while not self._closed:
            try:
                self._close()
            except KeyboardInterrupt:
                pass

    def _close(self):
        self._board.motor.off()
        self._pulse_ended()
        gc.enable()
        self._sampler.stop()
        if self.fault and self._reason:
            self._recorder.event(self._pipe.batches, records.E_FAULT, self.fault)
        self._set_state(states.SAVING)
        self._recorder.close(self._pipe.batches, self._reason or records.CLOSED_INTERRUPT)
        self._console.state = states.IDLE
        self._closed = True


def _let_go_of_donning():
    """Its code makes room for that of the detection."""
    unload(*DONNING)
    gc.collect()
