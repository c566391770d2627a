"""Time of the virtual board: the counter, what is due on it, and when a sleep really waits.

Virtual clock: `now_us` moves only when somebody sleeps (or the bus is charged). Wall clock: it
follows the host's clock times `speed`. Everything that happens at a time (button edges, timers,
the watchdog, the end of the motion) is planned here. Nothing on the running path allocates.
"""
# ruff: noqa: E402, I001  the order of imports decides which module is found

import select
import sys

_path = sys.path[:]
sys.path[:] = []
# The built-in `time`, not our file beside this one: so this module is loaded first of all.
from time import sleep_us as _real_sleep_us
from time import ticks_diff as _real_diff
from time import ticks_us as _real_us

sys.path[:] = _path

FAR_US = 1 << 60
CONTROL_US = 200_000  # while the motion runs, live button presses are looked for this often

now_us = 0  # since boot
origin_us = -1  # when the motion's sample 0 lay; -1: no motion
limit_us = 0  # a sleep that ends before this is one addition
next_us = FAR_US  # the next planned event
wall = False
timers = []  # things with .due_us and .fire(): timers and the watchdog
on_edge = []  # called without arguments after each button edge
on_motion = []  # called with the origin when a motion starts

_motion_us = 0
_flowing = 0  # chips whose FIFO is filling
_speed_milli = 1000
_real0_us = 0


class Presses:
    """Button edges of one source: pressed at [0], released at [1], ... in us from `base_us`."""

    def __init__(self, edges_us, base_us):
        self.edges_us = list(edges_us)  # not an array: reading a 64-bit item allocates
        self.base_us = base_us  # -1: not armed yet
        self.passed = 0

    def due_us(self):
        if self.base_us < 0 or self.passed >= len(self.edges_us):
            return FAR_US
        return self.base_us + self.edges_us[self.passed]

    def restart(self, base_us):
        self.base_us = base_us
        self.passed = 0


_at_boot = Presses((), 0)
_in_motion = Presses((), -1)
_live = Presses((0, 0), -1)
_presses = [_at_boot, _in_motion, _live]
_control = None  # live commands from the host, 8 bytes each
_command = bytearray(8)
_listen = select.poll()  # control only
_listen_idle = select.poll()  # control and stdin


def setup(scenario, control):
    """Take the scenario's clock part; `control` is an open stream of 8-byte commands, or None."""
    global wall, _speed_milli, _motion_us, _control, _real0_us
    wall = scenario["clock"] == "wall"
    _speed_milli = scenario["speed_milli"]
    _motion_us = scenario["motion_us"]
    _at_boot.edges_us = scenario["presses_boot_us"]
    _in_motion.edges_us = scenario["presses_motion_us"]
    _control = control
    if control:
        _listen.register(control, select.POLLIN)
        _listen_idle.register(control, select.POLLIN)
    _listen_idle.register(sys.stdin, select.POLLIN)
    _read_control(0)  # the first poll allocates, later ones do not
    for _ in _listen_idle.ipoll(0):
        pass
    _real0_us = _real_us()
    plan()


def motion_running():
    return _flowing > 0 and origin_us >= 0 and now_us < origin_us + _motion_us


def button_pressed():
    return (_at_boot.passed | _in_motion.passed | _live.passed) & 1


def chip_started():
    """A FIFO begins to fill; the first one sets the motion's origin."""
    global origin_us, _flowing
    if _flowing == 0:
        origin_us = now_us
        _in_motion.restart(now_us)
        for call in on_motion:
            call(now_us)
    _flowing += 1
    plan()


def chip_stopped():
    """A FIFO stopped; when both stand still the next start plays the motion from its beginning."""
    global _flowing
    _flowing -= 1
    if not _flowing:
        _in_motion.restart(-1)  # presses of a motion that is over would start another run
    plan()


def plan():
    """Find the next event, and how far a sleep may go without looking."""
    global next_us, limit_us
    next_us = scripted_us = min_edge_us()
    for timer in timers:
        if timer.due_us < next_us:
            next_us = timer.due_us
    if wall:
        limit_us = 0
    elif motion_running():
        limit_us = min(next_us, origin_us + _motion_us, now_us + CONTROL_US)
    elif scripted_us < FAR_US:
        limit_us = next_us
    else:
        limit_us = 0


def min_edge_us():
    return min(_at_boot.due_us(), _in_motion.due_us(), _live.due_us())


def _fire_next():
    """Do what is planned for `next_us` and plan again."""
    due_us = next_us  # a callback that reads the clock or sets a timer plans anew
    edges = False
    for presses in _presses:
        if presses.due_us() <= due_us:
            presses.passed += 1
            edges = True
    for timer in timers:
        if timer.due_us <= due_us:
            timer.fire()
    if edges:
        for call in on_edge:
            call()
    plan()


def advance(us):
    """Move virtual time by `us` >= 0 and fire what lies on the way (a no-op on the wall clock)."""
    global now_us
    end_us = now_us + us
    if end_us < limit_us:
        now_us = end_us
    elif not wall:
        while next_us <= end_us:
            if next_us > now_us:
                now_us = next_us
            _fire_next()
        if end_us > now_us:
            now_us = end_us
        plan()


def refresh():
    """Wall clock: bring `now_us` up to date and fire what has become due."""
    global now_us
    now_us = _real_diff(_real_us(), _real0_us) * _speed_milli // 1000
    while next_us <= now_us:
        _fire_next()


interrupted = False  # a Ctrl-C that came inside the flash


def sleep(us):
    """Sleep `us` microseconds of the board's time."""
    global now_us, interrupted
    if interrupted:
        interrupted = False
        raise KeyboardInterrupt
    if us <= 0:
        return
    end_us = now_us + us
    if end_us < limit_us:
        now_us = end_us
    elif wall:
        _sleep_wall(us)
    else:
        _sleep_virtual(us)


def _sleep_virtual(us):
    if motion_running() or min_edge_us() < FAR_US:
        _read_control(0)
    elif us >= 1000:
        # At rest nothing makes time worth skipping: wait like a board, or the loop would spin the CPU.
        for stream_and_event in _listen_idle.ipoll(us // 1000):
            if stream_and_event[0] is _control:
                _read_command()
    advance(us)


def _sleep_wall(us):
    _read_control(0)
    refresh()
    end_us = now_us + us
    while now_us < end_us:
        left_us = (min(end_us, next_us) - now_us) * 1000 // _speed_milli
        if left_us >= 2000:
            _read_control(min(left_us // 1000, 20))
        else:
            _real_sleep_us(max(left_us, 1))
        refresh()


def _read_control(timeout_ms):
    for _ in _listen.ipoll(timeout_ms):
        _read_command()


def _read_command():
    """A live command: b'B', three spare bytes, press length in ms (u32, little-endian)."""
    if _control.readinto(_command) == 8 and _command[0] == 0x42 and _live.due_us() == FAR_US:
        _live.edges_us[1] = 1000 * (_command[4] | _command[5] << 8 | _command[6] << 16 | _command[7] << 24)
        _live.restart(now_us)
        plan()
