"""`machine` of the virtual sleeve: the ESP32 port's signatures over simulated chips."""
# ruff: noqa: E402, I001  the order of imports decides which module is found

import sys as _sys

_path = _sys.path[:]
_sys.path[:] = []
from machine import *  # noqa: F403  the built-in module; the empty path keeps this file from finding itself

_sys.path[:] = _path

import vb_board as _board
import vb_clock as _clock
from vb_bus import ADC, I2C, SoftI2C  # noqa: F401
from vb_pins import PWM, Pin  # noqa: F401

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5


class Timer:
    """A timer that fires when the board's time passes it (soft: only inside a sleep or a clock read)."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, **options):
        self.due_us = _clock.FAR_US
        self._period_us = 0
        self._mode = Timer.PERIODIC
        self._callback = None
        _clock.timers.append(self)
        if options:
            self.init(**options)

    def init(self, *, mode=1, period=-1, freq=-1, callback=None):
        if _clock.wall:
            _clock.refresh()
        self._period_us = period * 1000 if freq == -1 else int(1_000_000 / freq)
        self._mode = mode
        self._callback = callback
        self.due_us = _clock.now_us + self._period_us
        _clock.plan()

    def deinit(self):
        self.due_us = _clock.FAR_US
        _clock.plan()

    def fire(self):
        if self._mode == Timer.ONE_SHOT:
            self.due_us = _clock.FAR_US
        else:
            self.due_us += self._period_us
        if self._callback:
            self._callback(self)


class WDT:
    """Watchdog: resets the board when its time passes without a feed. It cannot be stopped.

    It acts when the board looks at its clock: a program that never sleeps is not reset.
    """

    def __init__(self, id=0, timeout=5000):
        self._timeout_us = timeout * 1000
        self.feed()
        _clock.timers.append(self)
        _clock.plan()

    def feed(self):
        if _clock.wall:
            self.due_us = _clock.FAR_US  # a late feed is a feed: do not fire from the clock reading below
            _clock.refresh()
        self.due_us = _clock.now_us + self._timeout_us

    def fire(self):
        _board.restart(WDT_RESET)


class UART:
    """UART 0, the REPL's: only its rate can be set. The host, which plays the line, learns of it among the output."""

    def __init__(self, id, baudrate=115200, **options):
        self._baud = 115200
        self.init(baudrate)

    def init(self, baudrate=115200, **options):
        if baudrate != self._baud and _board.has_host():
            _sys.stdout.buffer.write(b"\x02vb-rate:%d\x02" % baudrate)
        self._baud = baudrate


class RTC:
    """The calendar clock: only what `datetime` needs."""

    def datetime(self, fields=None):
        import time

        if fields is None:
            year, month, day, hour, minute, second, weekday, _ = time.gmtime()
            return (year, month, day, weekday, hour, minute, second, 0)
        year, month, day, _, hour, minute, second, _ = fields
        time._set_time(time.mktime((year, month, day, hour, minute, second, 0, 0)))


def unique_id():
    return _board.unique_id


def freq(hz=None):
    return 160_000_000


def reset_cause():
    return _board.reset_cause


def reset():
    _board.restart(HARD_RESET)


def soft_reset():
    _board.restart(SOFT_RESET)


def idle():
    _clock.sleep(1000)


def lightsleep(time_ms=0):
    _clock.sleep(time_ms * 1000)


def disable_irq():
    return 0


def enable_irq(state):
    pass
