"""Drains both IMUs and reads the flex sensor, once a batch, into the pipeline's buffers."""

from micropython import const

from kneecore import faults
from kneecore.fifo import WORD, decode
from kneecore.records import LOST_BUS, LOST_FIFO

BATCH_US = const(20000)
_MAX = const(16)  # samples a batch: what is left comes with the next, at once where the loop is late
_GYRO_START_MS = const(100)  # 70 ms by the datasheet: both gyros must deliver before the FIFOs start side by side
_MAX_FAILURES = const(25)  # batches in a row: half a second, well inside what a FIFO holds


class Sampler:
    """`drain` fills the pipeline's `shank` and `thigh` and sets n_shank, n_thigh, mv; it allocates nothing."""

    def __init__(self, board, pipeline):
        self._shank, self._thigh, self._flex = board.shank, board.thigh, board.flex
        self._clock = board.clock
        self._to_shank, self._to_thigh = pipeline.shank, pipeline.thigh
        self.n_shank = self.n_thigh = self.mv = 0
        self.failures = 0  # batches in a row in which the bus failed, and the chip that did not answer
        self.failing = faults.NONE
        self.fault = faults.NONE

    def configure(self):
        """Set up both chips. On failure `fault` names the chip and OSError goes on."""
        self.fault = faults.IMU_THIGH
        self._thigh.configure()
        self.fault = faults.IMU_SHANK
        self._shank.configure()
        self._clock.sleep_ms(_GYRO_START_MS)
        self.fault = faults.NONE

    def start(self):
        """Start both FIFOs, one right after the other. On failure `fault` names the chip and OSError goes on."""
        self.fault = faults.IMU_SHANK
        self._shank.start()
        self.fault = faults.IMU_THIGH
        self._thigh.start()
        self.fault = faults.NONE

    def restart(self):
        """Empty both FIFOs after an overrun; a bus error counts like one in `drain`."""
        try:
            self.start()
        except OSError:
            chip, self.fault = self.fault, faults.NONE
            self._failed(chip)

    def _failed(self, chip):
        self.failing = chip
        self.failures += 1
        if self.failures >= _MAX_FAILURES:
            self.fault = chip

    def stop(self):
        """Power both chips down; a chip that does not answer is left as it is."""
        for imu in (self._shank, self._thigh):
            try:
                imu.stop()
            except OSError:
                pass

    def drain(self):
        """Both counts are read before either FIFO, so that they belong to the same moment.

        Returns 0, or why samples are lost: LOST_FIFO (one ran over) or LOST_BUS (a burst broke off in the middle).
        A bus that fails before a burst loses nothing: the FIFOs hold 1.2 s.
        """
        self.n_shank = self.n_thigh = 0
        torn = False
        shank, thigh = self._shank, self._thigh
        self.mv = self._flex.read_mv()
        chip = faults.IMU_SHANK
        try:
            n_s = shank.available()
            chip = faults.IMU_THIGH
            n_t = thigh.available()
            n_s = n_s if n_s < _MAX else _MAX
            n_t = n_t if n_t < _MAX else _MAX
            chip = faults.IMU_SHANK
            torn = True
            words = shank.read(n_s)
            self.n_shank = decode(words, len(words) // WORD, self._to_shank)
            chip = faults.IMU_THIGH
            words = thigh.read(n_t)
            self.n_thigh = decode(words, len(words) // WORD, self._to_thigh)
            torn = False
            self.failures = 0
        except OSError:
            self._failed(chip)
        if shank.overrun or thigh.overrun:
            return LOST_FIFO
        return LOST_BUS if torn else 0
