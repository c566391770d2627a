"""Pins and PWM: the button comes from the script, the motor and the LED go into logs the host reads."""

import struct

import vb_board as board
import vb_clock as clock

_levels = bytearray(64)  # what was last put on each pin


class Log:
    """Append-only file of (int64 time since boot in us, uint16 value) records; 0xFFFF.. times are marks.

    Marks: value 0xFFFE at a boot, 0xFFFF where a motion starts. Every change is one small write.
    """

    BOOT = 0xFFFE
    ORIGIN = 0xFFFF

    def __init__(self, path):
        self._file = open(path, "ab")
        self._record = bytearray(12)
        self.last = 0
        self.add(Log.BOOT, 1)
        clock.on_motion.append(self.mark_origin)

    def add(self, value, mark=0):
        struct.pack_into("<qHH", self._record, 0, clock.now_us, value, mark)
        self._file.write(self._record)

    def mark_origin(self, _):
        self.add(Log.ORIGIN, 1)

    def put(self, value):
        """Log `value` (0..65535) if it changed."""
        if value != self.last:
            self.last = value
            if clock.wall:
                clock.refresh()
            self.add(value)


class Pin:
    """A pin by its GPIO number (0..63)."""

    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    DRIVE_0 = 0
    DRIVE_1 = 1
    DRIVE_2 = 2
    DRIVE_3 = 3

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=0, hold=None):
        self.id = pin_id(id)
        self._is_button = self.id == board.button_pin
        self._log = board.logs.get(self.id)
        self._handler = None
        self._trigger = 0
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=0, hold=None):
        if value is not None:
            self.value(value)

    def value(self, x=None):
        if x is None:
            if self._is_button:
                if clock.wall:
                    clock.refresh()
                return clock.button_pressed() ^ board.button_active_low
            return _levels[self.id]
        level = 1 if x else 0
        _levels[self.id] = level
        if self._log:
            self._log.put(65535 if level else 0)

    def __call__(self, x=None):
        return self.value(x)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=3):
        """Call `handler(pin)` on edges of the button; other pins have none."""
        self._handler = handler
        self._trigger = trigger
        if self._is_button and self._edge not in clock.on_edge:
            clock.on_edge.append(self._edge)

    def _edge(self):
        level = clock.button_pressed() ^ board.button_active_low
        if self._handler and self._trigger & (Pin.IRQ_RISING if level else Pin.IRQ_FALLING):
            self._handler(self)


class PWM:
    """LEDC channel. Only `duty_u16` (0..65535) has an effect: it is logged on the motor's and LED's pin."""

    def __init__(self, dest, freq=5000, duty_u16=0):
        self._log = board.logs.get(pin_id(dest))
        self._freq = freq
        self._duty = -1
        self.duty_u16(duty_u16)

    def init(self, *, freq=None, duty_u16=None):
        if freq is not None:
            self._freq = freq
        if duty_u16 is not None:
            self.duty_u16(duty_u16)

    def freq(self, hz=None):
        if hz is None:
            return self._freq
        self._freq = hz

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        if not 0 <= duty <= 65535:
            raise ValueError("duty_u16 must be 0..65535")
        self._duty = duty
        if self._log:
            self._log.put(duty)

    def deinit(self):
        self.duty_u16(0)


def pin_id(pin):
    return pin.id if isinstance(pin, Pin) else pin
