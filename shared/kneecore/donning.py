"""The donning: standing still, then slow squats (docs/detector.md §3.1-3.3). One step a batch, sums only."""

from array import array

from . import fit
from .compat import NOTHING, const, micropython, ptr16, ptr32
from .intmath import clamp, isqrt

_BLOCK = const(25)  # batches: 0.5 s
_STILL_SPREAD = const(143)  # 10 dps
_STILL_MEAN = const(214)  # 15 dps
_STILL_BLOCKS = const(6)
_BLOCK_SPREAD = const(24)  # 1.7 dps
_STANDING_BLOCKS = const(60)
_SQUAT_BLOCKS = const(120)
_DEEP = const(4179)  # 45 deg in 32 U
_TRIED = const(2321)  # 25 deg
_UP = const(1857)  # 20 deg

_GYRO = (0, 1, 2, 6, 7, 8)
_ACCEL = (3, 4, 5, 9, 10, 11)


@micropython.viper
def _sum(samples: ptr16, n: int, out: ptr32):
    """Channel sums of n aligned samples (offset binary): at most 96*65535 < 2^23."""
    for c in range(12):
        total = 0
        at = c
        for _ in range(n):
            total += samples[at]
            at += 12
        out[c] = total


class Stillness:
    """Blocks of 25 batches; a block is still when every gyro channel's batch means stay together and near zero."""

    def __init__(self):
        self._lo, self._hi = [0] * 6, [0] * 6
        self._batches = 0
        self.blocks = self.run = 0  # blocks so far; still blocks in a row

    def add(self, means):
        """Take a batch's six gyro means (LSB); True when it ends a block."""
        for c in range(6):
            if not self._batches or means[c] < self._lo[c]:
                self._lo[c] = means[c]
            if not self._batches or means[c] > self._hi[c]:
                self._hi[c] = means[c]
        self._batches += 1
        if self._batches < _BLOCK:
            return False
        self._batches = 0
        self.blocks += 1
        self.run = self.run + 1 if self._still() else 0
        return True

    def _still(self):
        for c in range(6):
            if self._hi[c] - self._lo[c] > _STILL_SPREAD or self._lo[c] < -_STILL_MEAN or self._hi[c] > _STILL_MEAN:
                return False
        return True


class _Block:
    """Channel sums of one block of standing."""

    def __init__(self):
        self.sums = [0] * 12
        self.samples = self.mv = 0

    def add(self, sums, n, mv):
        for c in range(12):
            self.sums[c] += sums[c]
        self.samples += n
        self.mv += mv


class Sums:
    """What the fit needs: bias and vertical from standing, rate matrices and moments from the squats."""

    def __init__(self):
        self.bias16, self.up = [0] * 6, [0] * 6
        self.mv0 = self.has_flex = self.good = self.shallow = 0
        self._c = [[0] * 6, [0] * 6]  # upper triangles 00 01 02 11 12 22
        self._m = [0] * 45  # upper triangle of the 9x9, by rows

    def add(self, v, t, m):
        """Take a batch: rate sums v (U), turned angles t (32 U), flex m (mV from standing)."""
        for sensor in (0, 1):
            r = [x >> 2 for x in v[3 * sensor : 3 * sensor + 3]]
            c = self._c[sensor]
            for at, (i, j) in enumerate(((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))):
                c[at] += r[i] * r[j]
        z = t + [1, m, m * m]
        at = 0
        for p in range(9):
            for q in range(p, 9):
                self._m[at] += z[p] * z[q]
                at += 1

    def rates(self, sensor):
        """3x3 matrix of one sensor's rates (0 shank, 1 thigh)."""
        a, b, c, d, e, f = self._c[sensor]
        return [[a, b, c], [b, d, e], [c, e, f]]

    def moments(self):
        """Symmetric 9x9 of the squats' moments."""
        full = [[0] * 9 for _ in range(9)]
        at = 0
        for p in range(9):
            for q in range(p, 9):
                full[p][q] = full[q][p] = self._m[at]
                at += 1
        return full


class Donning:
    """State of one donning. After each `step`, `phase` tells where it stands; at DONE `calibration` holds the 32 integers."""

    STANDING, SQUATS, DONE = range(3)

    def __init__(self, params):
        self._side = -1 if params["side"] else 1
        self.phase = self.STANDING
        self.sums = Sums()
        self.calibration = NOTHING
        self._raw = array("i", bytearray(48))
        self._blocks = [_Block()]
        self._still = Stillness()
        self._theta = [0] * 6
        self._deep = self._tried = False

    def step(self, samples, n, mv):
        """Take a batch of n aligned samples (offset binary, 12 channels) and its flex reading in mV."""
        if not n or self.phase == self.DONE:
            return
        _sum(samples, n, self._raw)
        sums = [self._raw[c] - 32768 * n for c in range(12)]
        means = [sums[c] // n for c in _GYRO]
        if self.phase == self.STANDING:
            self._stand(sums, means, n, mv)
        else:
            self._squat(sums, means, n, mv)

    def _stand(self, sums, means, n, mv):
        self._blocks[-1].add(sums, n, mv)
        if not self._still.add(means):
            return
        if self._still.run >= _STILL_BLOCKS and self._together():
            self._set_standing()
        elif self._still.blocks == _STANDING_BLOCKS:
            self._finish(fit.refused(fit.MOVED, self._side, 0))
        else:
            self._blocks = self._blocks[1 - _STILL_BLOCKS :] + [_Block()]

    def _together(self):
        for c in _GYRO:
            means = [b.sums[c] // b.samples for b in self._blocks]
            if max(means) - min(means) > _BLOCK_SPREAD:
                return False
        return True

    def _set_standing(self):
        s = self.sums
        n = sum([b.samples for b in self._blocks])
        total = [sum([b.sums[c] for b in self._blocks]) for c in range(12)]
        s.bias16 = [16 * total[c] // n for c in _GYRO]
        s.up = [total[c] // n for c in _ACCEL]
        mv0 = sum([b.mv for b in self._blocks]) // (_STILL_BLOCKS * _BLOCK)
        if 50 <= mv0 <= 3200:
            s.mv0, s.has_flex = mv0, 1
        self.phase = self.SQUATS
        self._still = Stillness()

    def _squat(self, sums, means, n, mv):
        s = self.sums
        v = [sums[c] - ((n * s.bias16[i]) >> 4) for i, c in enumerate(_GYRO)]
        self._theta = [self._theta[i] + v[i] for i in range(6)]
        t = [x >> 5 for x in self._theta]
        s.add(v, t, clamp(mv - s.mv0, -1500, 1500) if s.has_flex else 0)
        depth = _turned(t[0:3]) + _turned(t[3:6])
        self._count(depth)
        if self._still.add(means):
            self._maybe_end(depth)

    def _count(self, depth):
        """One good squat is 45 degrees down and back up to 20; a shallow one only got past 25."""
        s = self.sums
        if depth >= _TRIED:
            self._tried = True
        if depth >= _DEEP:
            self._deep = True
        if depth <= _UP and self._tried:
            if self._deep:
                s.good += 1
            else:
                s.shallow += 1
            self._tried = self._deep = False

    def _maybe_end(self, depth):
        s, still = self.sums, self._still.run
        if depth <= _UP and still >= 2 and s.good >= 3:
            self._finish(fit.fit(s, self._side))
        elif depth <= _UP and still >= 8 and s.good + s.shallow:
            self._finish(fit.refused(fit.TOO_SHALLOW if s.shallow else fit.TOO_FEW, self._side, s.good))
        elif self._still.blocks == _SQUAT_BLOCKS:
            self._finish(fit.refused(fit.NO_END, self._side, s.good))

    def _finish(self, calibration):
        self.calibration = calibration
        self.phase = self.DONE


def _turned(t):
    """Angle a sensor has turned since standing, in 32 U."""
    total = 0
    for x in t:
        x = clamp(x, -16383, 16383)  # noqa: PLW2901
        total += x * x
    return isqrt(total)
