"""The gyros' biases taken anew while the wearer stands in the run (docs/detector.md §4.5). One step a batch, allocates nothing."""

from array import array

from .compat import const, micropython, ptr16, ptr32

_BATCHES = const(25)  # a block: 0.5 s
_BLOCKS = const(6)
_STILL_SPREAD = const(143)  # 10 dps
_STILL_MEAN = const(214)  # 15 dps
_BLOCK_SPREAD = const(24)  # 1.7 dps
_MID = const(0x8000)
_WIDTH = const(7)  # words a block: six channel sums (offset binary), samples


@micropython.viper
def _add(samples: ptr16, n: int, blocks: ptr32, row: int, lo: ptr32, hi: ptr32):
    """Add a batch's gyro sums to block `row`; lo, hi: smallest and largest batch mean + 2^15, by channel.

    96 samples of 65535, 25 batches: below 2^28.
    """
    row *= 7
    for c in range(6):
        at = c
        if c > 2:
            at += 3
        total = 0
        for _ in range(n):
            total += samples[at]
            at += 12
        blocks[row + c] += total
        mean = total // n
        if mean < lo[c]:
            lo[c] = mean
        if mean > hi[c]:
            hi[c] = mean
    blocks[row + 6] += n


class BiasRefresh:
    """`step` takes every batch; when it returns True, `bias` holds the five biases of docs/detector.md §3.5 (LSB, Q13)."""

    def __init__(self, calibration):
        self._cal = calibration
        self._blocks = array("i", bytearray(4 * _WIDTH * _BLOCKS))
        self._lo, self._hi = array("i", bytearray(24)), array("i", bytearray(24))
        self._bias16 = array("i", bytearray(24))
        self.bias = array("i", calibration[21:26])
        self.restart()

    def restart(self):
        """Count the blocks anew; the biases stay."""
        self._still = self._row = 0
        self._open()

    def _open(self):
        self._batches = 0
        for c in range(_WIDTH):
            self._blocks[_WIDTH * self._row + c] = 0
        for c in range(6):
            self._lo[c], self._hi[c] = 0x10000, 0

    def step(self, samples, n):
        """Take a batch of n >= 1 aligned samples (offset binary, 12 channels); True if the biases were taken anew."""
        _add(samples, n, self._blocks, self._row, self._lo, self._hi)
        self._batches += 1
        if self._batches < _BATCHES:
            return False
        self._still = self._still + 1 if self._is_still() else 0
        found = self._still >= _BLOCKS and self._together()
        if found:
            self._take()
            self._still = 0
        self._row = (self._row + 1) % _BLOCKS
        self._open()
        return found

    def _is_still(self):
        for c in range(6):
            lo, hi = self._lo[c] - _MID, self._hi[c] - _MID
            if hi - lo > _STILL_SPREAD or lo < -_STILL_MEAN or hi > _STILL_MEAN:
                return False
        return True

    def _together(self):
        for c in range(6):
            lo, hi = 0x10000, -0x10000
            for b in range(_BLOCKS):
                mean = self._blocks[_WIDTH * b + c] // self._blocks[_WIDTH * b + 6]
                lo, hi = min(lo, mean), max(hi, mean)
            if hi - lo > _BLOCK_SPREAD:
                return False
        return True

    def _take(self):
        """Biases of the six channels over the six blocks (LSB/16), then of the five rates; the sums stay below 2^24."""
        blocks, b16, cal = self._blocks, self._bias16, self._cal
        for c in range(6):
            total = n = 0
            for b in range(_BLOCKS):
                n += blocks[_WIDTH * b + 6]
                total += blocks[_WIDTH * b + c] - _MID * blocks[_WIDTH * b + 6]
            b16[c] = 16 * total // n
        for which, row, first in ((0, 3, 0), (1, 6, 0), (2, 12, 3), (3, 15, 3), (4, 18, 3)):
            dot = cal[row] * b16[first] + cal[row + 1] * b16[first + 1] + cal[row + 2] * b16[first + 2]
            self.bias[which] = dot >> 4

    def state(self, c):
        """Pass the state through a Saver or Loader (saved.py)."""
        self._still = c.word(self._still)
        self._row = c.word(self._row)
        self._batches = c.word(self._batches)
        c.words(self._blocks, _WIDTH * _BLOCKS)
        c.words(self._lo, 6)
        c.words(self._hi, 6)
        c.words(self.bias, 5)
