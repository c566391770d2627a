"""The running gate: which stances are strides of a run (docs/detector.md §4.3.1)."""

from .compat import const, micropython, ptr32

_SHORTEST, _LONGEST = const(25), const(79)  # samples of contact
_QUICKEST, _SLOWEST = const(94), const(250)  # samples from contact to contact
_SUPPORT = const(2254)  # 1.1 g
_SWING_U = const(104000)  # 35 deg
_STANCE_U = const(8914)  # 3 deg


@micropython.viper
def _supported(history: ptr32, ic: int, to: int, least: int) -> bool:
    """True if the mean axial acceleration from ic to `to` is at least `least` LSB: at most 80 terms of 57,000."""
    total = 0
    for k in range(ic, to + 1):
        total += history[(k & 511) * 6 + 4] - 0x100000 - least
    return total >= 0


@micropython.viper
def _flexes_by(history: ptr32, ic: int, first: int, end: int, least: int) -> bool:
    """True if the flexion exceeds that at ic by at least `least` U somewhere in first ... end."""
    t0 = history[(ic & 511) * 6 + 1]
    for k in range(first, end + 1):
        if (((history[(k & 511) * 6 + 1] - t0) & 0x1FFFFFFF) ^ 0x10000000) - 0x10000000 >= least:
            return True
    return False


class RunningGate:
    """Takes every complete stance in order. After `is_stride` is True: `stride_samples` since the contact before, `swing_first` its toe-off."""

    def __init__(self, history, contact_jerk_mg):
        self._history = history
        self._jerk_min = contact_jerk_mg * 1000 // 488
        self.stride_samples = self.swing_first = 0
        self.forget()

    def forget(self):
        """There is no candidate before: at the start and after lost samples."""
        self.has_last = 0
        self.last_ic = self.last_to = 0

    def is_stride(self, ic, to, jerk):
        """True if the stance ic ... to with the impact `jerk` (LSB) is a stride of a run."""
        if not _SHORTEST <= to - ic <= _LONGEST or jerk < self._jerk_min:
            return False
        if not _supported(self._history, ic, to, _SUPPORT):
            return False
        p = ic - self.last_ic
        follows = self.has_last and _QUICKEST <= p <= _SLOWEST
        before, self.swing_first = self.last_ic, self.last_to
        self.last_ic, self.last_to, self.has_last = ic, to, 1
        self.stride_samples = p
        return follows and 2 * (to - ic) <= p and self._flexes(before, ic, to)

    def _flexes(self, before, ic, to):
        """The knee bends in swing, and gives in stance."""
        h = self._history
        return _flexes_by(h, ic, before, ic, _SWING_U) and _flexes_by(h, ic, ic, to, _STANCE_U)

    def state(self, c):
        """Pass the state through a Saver or Loader (saved.py)."""
        self.has_last = c.word(self.has_last)
        self.last_ic = c.word(self.last_ic)
        self.last_to = c.word(self.last_to)

    def oldest(self, next_ic):
        """The oldest sample that a stance at next_ic or later may still look back to."""
        return self.last_ic if self.has_last and next_ic - self.last_ic <= _SLOWEST else next_ic
