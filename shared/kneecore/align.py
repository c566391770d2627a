"""Re-sampling the thigh IMU onto the shank IMU's clock (docs/detector.md §2).

Both chips run freely; the difference of their sample counts, averaged over 100 batches, gives phase and rate of one against the other.
"""

from array import array

from .compat import const, micropython, ptr16, ptr32
from .intmath import clamp

MAX_IN = const(64)  # samples a batch may bring per chip
MAX_OUT = const(96)  # samples a batch may emit
CHANNELS = const(12)  # emitted: shank gyro xyz, shank accel xyz, thigh gyro xyz, thigh accel xyz
_HALF = const(50)
_RING = const(256)
_KEPT = const(192)  # samples that a position may reach back to
_BIAS = const(0x10000000)  # keeps signed words positive, so that a ptr32 load agrees on 32 and 64 bit


@micropython.viper
def _store(ring: ptr16, samples: ptr16, n: int, first: int):
    """Copy n samples of 6 channels into the ring, sample `first` on, as offset binary (value + 32768)."""
    src = 0
    while n:
        at = (first & 255) * 6
        ring[at] = (samples[src] & 0xFFFF) ^ 0x8000
        ring[at + 1] = (samples[src + 1] & 0xFFFF) ^ 0x8000
        ring[at + 2] = (samples[src + 2] & 0xFFFF) ^ 0x8000
        ring[at + 3] = (samples[src + 3] & 0xFFFF) ^ 0x8000
        ring[at + 4] = (samples[src + 4] & 0xFFFF) ^ 0x8000
        ring[at + 5] = (samples[src + 5] & 0xFFFF) ^ 0x8000
        src += 6
        first += 1
        n -= 1


@micropython.viper
def _emit(shank: ptr16, thigh: ptr16, out: ptr16, p: ptr32) -> int:
    """Emit aligned samples; returns how many. p: next, n_s, n_t, then D, rel, slope, c1 with _BIAS added, then n_t at the last loss.

    Ranges: slope*(k-c1) <= 83886*2000 < 2^28; (b-a)*frac <= 65535*4095 < 2^28.
    """
    k = p[0]
    n_s = p[1]
    n_t = p[2]
    d = p[3] - 0x10000000
    rel = p[4] - 0x10000000
    slope = p[5] - 0x10000000
    c1 = p[6] - 0x10000000
    lo = n_t - 192
    if lo < p[7]:
        lo = p[7]
    if n_s - k > 192:
        k = n_s - 192
    m = 0
    while k < n_s and m < 96:
        dk = k - c1
        if dk > 2000:
            dk = 2000
        if dk < -2000:
            dk = -2000
        f = rel + ((slope * dk) >> 8)
        i = k + d + (f >> 12)
        frac = f & 4095
        if i < lo:
            i = lo
            frac = 0
        j = i
        if frac:
            j = i + 1
        if j >= n_t:
            break
        src = (k & 255) * 6
        dst = m * 12
        out[dst] = shank[src]
        out[dst + 1] = shank[src + 1]
        out[dst + 2] = shank[src + 2]
        out[dst + 3] = shank[src + 3]
        out[dst + 4] = shank[src + 4]
        out[dst + 5] = shank[src + 5]
        i = (i & 255) * 6
        j = (j & 255) * 6
        a = thigh[i]
        out[dst + 6] = (((thigh[j] - a) * frac) >> 12) + a
        a = thigh[i + 1]
        out[dst + 7] = (((thigh[j + 1] - a) * frac) >> 12) + a
        a = thigh[i + 2]
        out[dst + 8] = (((thigh[j + 2] - a) * frac) >> 12) + a
        a = thigh[i + 3]
        out[dst + 9] = (((thigh[j + 3] - a) * frac) >> 12) + a
        a = thigh[i + 4]
        out[dst + 10] = (((thigh[j + 4] - a) * frac) >> 12) + a
        a = thigh[i + 5]
        out[dst + 11] = (((thigh[j + 5] - a) * frac) >> 12) + a
        k += 1
        m += 1
    p[0] = k
    return m


class Aligner:
    """State of the alignment. `out` holds the emitted samples of the last batch as offset binary (value + 32768), 12 channels each."""

    def __init__(self):
        self.out = array("H", bytearray(2 * MAX_OUT * CHANNELS))
        self._shank = array("H", bytearray(2 * _RING * 6))
        self._thigh = array("H", bytearray(2 * _RING * 6))
        self._d = array("i", bytearray(4 * 2 * _HALF))
        self._n = array("i", bytearray(4 * 2 * _HALF))
        self._p = array("i", bytearray(4 * 8))
        self.n_s = self.n_t = 0
        self._batches = 0
        self._d_new = self._d_old = self._n_new = self._n_old = 0

    def gap(self, lost):
        """Samples were lost on both chips: the timebase jumps on by `lost` shank samples, and phase and rate are learnt anew."""
        self.n_s += lost
        self.n_t = self.n_s
        self._p[0] = self.n_s
        self._p[7] = self.n_t
        self._batches = 0
        self._d_new = self._d_old = self._n_new = self._n_old = 0

    @property
    def next_k(self):
        """Index of the next shank sample to be emitted."""
        return self._p[0]

    def push(self, shank, n_shank, thigh, n_thigh):
        """Take a batch (int16 arrays of 6 channels a sample, gyro then accel, 0 ... 64 samples); returns the number of emitted samples."""
        if not n_shank and not n_thigh:
            return 0
        _store(self._shank, shank, n_shank, self.n_s)
        _store(self._thigh, thigh, n_thigh, self.n_t)
        self.n_s += n_shank
        self.n_t += n_thigh
        self._track()
        return _emit(self._shank, self._thigh, self.out, self._p)

    def _track(self):
        """Slide the window over (D, n_s) and set the position line of this batch. Attributes are read once: each costs as much as a sum."""
        n, done = self.n_s, self._batches
        d = self.n_t - n
        ds, ns = self._d, self._n
        at = done % (2 * _HALF)
        d_new, n_new = self._d_new + d, self._n_new + n
        if done >= _HALF:
            mid = at + _HALF if at < _HALF else at - _HALF
            d_mid, n_mid = ds[mid], ns[mid]
            d_new -= d_mid
            n_new -= n_mid
            if done >= 2 * _HALF:
                d_mid -= ds[at]
                n_mid -= ns[at]
            self._d_old += d_mid
            self._n_old += n_mid
        ds[at], ns[at] = d, n
        self._d_new, self._n_new = d_new, n_new
        done += 1
        self._batches = done
        if done < 2 * _HALF:
            self._set_line(n, d, (clamp(d_new + self._d_old - done * d, -100000, 100000) << 12) // done, 0, n)
        else:
            self._set_steady(n, d, d_new - _HALF * d, n_new - _HALF * n)

    def _set_steady(self, n, d, e1, q1):
        """The line through the means of two full halves."""
        e = e1 - self._d_old + _HALF * d
        if e > 1000 or e < -1000:
            e = 1000 if e > 0 else -1000
        q = q1 - self._n_old + _HALF * n
        slope = (e << 20) // (q if q > 1 else 1)
        if slope > 83886 or slope < -83886:
            slope = 83886 if slope > 0 else -83886
        if e1 > 100000 or e1 < -100000:
            e1 = 100000 if e1 > 0 else -100000
        self._set_line(n, d, (e1 << 12) // _HALF, slope, n + q1 // _HALF)

    def _set_line(self, n, d, rel, slope, c1):
        p = self._p
        p[1], p[2] = n, self.n_t
        p[3] = d + _BIAS
        p[4] = rel + _BIAS
        p[5] = slope + _BIAS
        p[6] = c1 + _BIAS

    def state(self, c):
        """Pass the state through a Saver or Loader (saved.py)."""
        self.n_s, self.n_t = c.word(self.n_s), c.word(self.n_t)
        self._batches = c.word(self._batches)
        self._d_new, self._d_old = c.word(self._d_new), c.word(self._d_old)
        new, old = min(self._batches, _HALF), max(0, min(self._batches, 2 * _HALF) - _HALF)
        self._n_new = c.word(self._n_new - new * self.n_s) + new * self.n_s
        self._n_old = c.word(self._n_old - old * self.n_s) + old * self.n_s
        p = self._p
        p[0], p[7] = c.word(p[0]), c.word(p[7])
        n = min(self._batches, 2 * _HALF)
        c.words(self._d, n)
        c.column32(self._n, 1, -1, 0, 0, n)
        for channel in range(6):
            c.column16(self._shank, 6, 255, channel, max(p[0], self.n_s - _KEPT), self.n_s)
            c.column16(self._thigh, 6, 255, channel, max(0, self.n_t - _KEPT), self.n_t)
