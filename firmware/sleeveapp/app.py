"""The app's states: boot, idle, then a run (donning, running, saving), then idle again."""

import gc
import sys

from boards import Board
from kneecore import faults
from kneecore.frames import PROTOCOL
from kneecore.pipeline import Pipeline
from kneecore.records import LEVEL_NAMES

from . import BUILD, ROOM, console, states
from .config import Config
from .recorder import Recorder
from .ring_fs import Files
from .run import Run
from .sampler import Sampler
from .store import Store
from .unload import DETECTION, unload
from .wall import WallClock

_IDLE_MS = 20
_BLINK_LOOPS = 100  # a short blink every 2 s


class App:
    """Ties board, console and runs together."""

    def __init__(self, board):
        self._board = board
        self._store = Store(board)
        self._wall = WallClock(board.clock)
        self._config = Config(Files)
        self._config.load()
        console.forget_configuring()
        self._recorder = Recorder(board, self._config, self._store, self._wall)  # its buffers stay: 20 KiB in one piece
        self._console = console.Console(self.info, self._store, self._wall, self._config, board.line)
        self._last_fault = faults.NONE
        self._loops = 0

    def info(self):
        """What INFO answers."""
        return {
            "protocol": PROTOCOL,
            "build": BUILD,
            "device": self._board.device_id,
            "board": self._board.name,
            "state": states.NAMES[self._console.state],
            "free_bytes": self._store.free_bytes,
            "sessions": len(self._store.sessions()),
            "params": self._config.params,
            "schema": self._config.schema,
            "record_level": LEVEL_NAMES[self._config.record_level],
            "boot": self._store.boot,
            "unix_ms": self._wall.now_ms(self._board.clock.ticks_ms()),
            "problem": self._config.problem,
            "last_fault": self._last_fault or self._config.fault,
            "reset_cause": self._board.reset_cause,
            "battery_mv": self._board.battery.read_mv(),
        }

    def forever(self):
        """Idle until the button starts a run; again and again, until Ctrl-C."""
        self._console.state = states.IDLE
        while True:
            answered = self._console.poll()
            if self._board.button.pressed():
                self._run()
            if answered:
                continue  # a host that pulls has asked for more already
            self._store.work()
            self._blink()
            self._board.clock.sleep_ms(_IDLE_MS)

    def _blink(self):
        self._loops = (self._loops + 1) % _BLINK_LOOPS
        if self._loops == 1:
            self._board.led.on()
        elif self._loops == 3:
            self._board.led.off()

    def _run(self):
        """One run. A fault at its start (a chip or the storage) is kept for INFO; the motor stays silent."""
        self._board.line.calm()
        self._board.led.on()
        self._console.forget()
        gc.collect()
        fault = faults.INTERNAL
        try:
            pipe = Pipeline(self._config.params, self._config.calibration)
            sampler = Sampler(self._board, pipe)
            fault = self._go(pipe, sampler)
        except Exception as e:  # whatever went wrong, the sleeve must be ready for its next run
            sys.print_exception(e)
        finally:
            self._last_fault = fault
            self._board.motor.off()
            self._board.led.off()
            self._console.state = states.IDLE
            unload(*DETECTION)

    def _go(self, pipe, sampler):
        """The fault that the run ended with, 0 if none."""
        try:
            sampler.configure()
            self._recorder.start()
            run = Run(self._board, self._console, pipe, sampler, self._recorder)
            try:
                run.go()
            finally:
                run.close()  # once more: a Ctrl-C may have slipped out of the first
            return run.fault
        except OSError:
            return sampler.fault or faults.STORAGE_ERROR


def main():
    """Run the app until Ctrl-C; then the REPL is free and the motor is off."""
    console.load_configuring()  # while ROOM is held: what stays of it does not lie in between
    ROOM.clear()
    gc.collect()
    board = Board()
    try:
        App(board).forever()
    except KeyboardInterrupt:
        board.motor.off()
        board.line.calm()
        print("sleeve: stopped. Ctrl-D starts it again.")
