"""Drains both IMUs and reads the flex sensor, once a batch, into the pipeline's buffers."""

from micropython import const

from kneecore import faults
from kneecore.fifo import decode

BATCH_US = const(20000)
_MAX = const(64)
_MAX_FAILURES = const(25)  # batches in a row: half a second, well inside what a FIFO holds


class Sampler:
    """`drain` fills the pipeline's `shank` and `thigh` and sets n_shank, n_thigh, mv; it allocates nothing."""

    def __init__(self, board, pipeline):
        self._shank, self._thigh, self._flex = board.shank, board.thigh, board.flex
        self._to_shank, self._to_thigh = pipeline.shank, pipeline.thigh
        self.n_shank = self.n_thigh = self.mv = 0
        self.failures = 0
        self.fault = faults.NONE

    def configure(self):
        """Set up both chips. On failure `fault` names the chip and OSError goes on."""
        self.fault = faults.IMU_THIGH
        self._thigh.configure()
        self.fault = faults.IMU_SHANK
        self._shank.configure()
        self.fault = faults.NONE

    def start(self):
        """Start both FIFOs, one right after the other."""
        self._shank.start()
        self._thigh.start()

    def restart(self):
        """Empty both FIFOs after an overrun; a bus error counts like one in `drain`."""
        try:
            self.start()
        except OSError:
            self._failed(faults.IMU_SHANK)

    def _failed(self, chip):
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
        """Both counts are read before either FIFO, so that they belong to the same moment. True if a FIFO ran over."""
        self.n_shank = self.n_thigh = 0
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
            self.n_shank = decode(shank.read(n_s), 2 * n_s, self._to_shank)
            chip = faults.IMU_THIGH
            self.n_thigh = decode(thigh.read(n_t), 2 * n_t, self._to_thigh)
            self.failures = 0
        except OSError:
            self._failed(chip)
        return shank.overrun or thigh.overrun
