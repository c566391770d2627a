"""`time` on the virtual board's clock, with the ESP32 port's periods and epoch (2000-01-01)."""
# ruff: noqa: E402, I001  the order of imports decides which module is found

import sys as _sys

_path = _sys.path[:]
_sys.path[:] = []
from time import *  # noqa: F403  the built-in module; the empty path keeps this file from finding itself
from time import gmtime as _unix_gmtime
from time import mktime as _unix_mktime

_sys.path[:] = _path

import vb_clock as _clock

_EPOCH_2000_S = 946_684_800
_MASK = 0x3FFFFFFF
_HALF = 0x20000000
_offset_s = 0  # what a host set with machine.RTC().datetime(...)


def ticks_us():
    if _clock.wall:
        _clock.refresh()
    return _clock.now_us & 0x3FFFFFFF


def ticks_ms():
    if _clock.wall:
        _clock.refresh()
    return _clock.now_us // 1000 & 0x3FFFFFFF


ticks_cpu = ticks_us


def ticks_diff(end, start):
    return ((end - start + 0x20000000) & 0x3FFFFFFF) - 0x20000000


def ticks_add(ticks, delta):
    return (ticks + delta) & 0x3FFFFFFF


sleep_us = _clock.sleep


def sleep_ms(ms):
    _clock.sleep(ms * 1000)


def sleep(seconds):
    _clock.sleep(int(seconds * 1_000_000))


def time():
    """Whole seconds since 2000-01-01, as on an ESP32; starts at 0 at boot until the RTC is set."""
    if _clock.wall:
        _clock.refresh()
    return _clock.now_us // 1_000_000 + _offset_s


def time_ns():
    return time() * 1_000_000_000 + _clock.now_us % 1_000_000 * 1000


def gmtime(seconds=None):
    return _unix_gmtime((time() if seconds is None else seconds) + _EPOCH_2000_S)[:8]


localtime = gmtime


def mktime(fields):
    return int(_unix_mktime(fields)) - _EPOCH_2000_S


def _set_time(seconds):
    global _offset_s
    _offset_s = seconds - _clock.now_us // 1_000_000
