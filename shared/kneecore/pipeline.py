"""The whole way of a batch: alignment, then the donning, then detection. The same object runs in firmware and on the host.

Donning and detection are loaded when they begin, so that a sleeve can let go of the one while it does the other.
"""

from array import array

from . import align, faults, kernel, trig
from .align import Aligner
from .compat import NOTHING
from .stride import FIELD_COUNT

# what a batch brought, as bits of `Pipeline.batch`'s result
STOOD, ACCEPTED, REFUSED, STRIDES, REFRESHED, BEAT = 1, 2, 4, 8, 16, 32
STATE_VERSION = 1


def _zeros(n):
    """array('i') of n words (a multiple of 256), grown piece by piece: made from bytes it would need its 12 KiB twice."""
    a, piece = array("i"), array("i", bytearray(1024))
    while len(a) < n:
        a.extend(piece)
    return a


class Pipeline:
    """One run. Fill `shank` and `thigh` (int16, gyro xyz then accel xyz per sample, at most 64 samples each), then call `batch`.

    After STRIDES, `stride_count` records stand in `strides` (array('i'), `stride.FIELD_COUNT` words each).
    After BEAT, a beat of `metronome.beat_ms` is due `metronome.delay_us` after this batch.
    Allocates while donning and at its acceptance; not while running.
    """

    def __init__(self, params, calibration=None):
        self._history = _zeros(kernel.COLUMNS * kernel.SAMPLES)  # now: later no piece of 12 KiB may be free
        self._table = trig.table()
        self.strides = array("i", bytearray(4 * FIELD_COUNT * kernel.MAX_EVENTS))
        self.shank = array("h", bytearray(2 * align.MAX_IN * 6))
        self.thigh = array("h", bytearray(2 * align.MAX_IN * 6))
        self.aligner = Aligner()
        self.batches = 0
        self.accepted_batch = -1
        self.calibration = NOTHING
        self.fault = faults.NONE
        self.detection = NOTHING  # once a calibration is in force
        self._params = params
        self._saver = NOTHING
        self._given = calibration or None
        self._donning = NOTHING
        if calibration:
            self.calibration, self.accepted_batch = calibration, 0
        else:
            self._don_anew()

    @property
    def stride_count(self):
        """How many strides the last batch completed."""
        return self.detection.strides.count

    @property
    def metronome(self):
        """The cadence cue."""
        return self.detection.metronome

    @property
    def given(self):
        """True if the calibration was given, so that there is no donning."""
        return self._given is not None

    @property
    def running(self):
        """True once a calibration is in force and strides are looked for."""
        return self.detection is not None

    @property
    def standing(self):
        """True while the donning waits for the wearer to stand still."""
        return self._donning is not None and self._donning.phase == self._donning.STANDING

    @property
    def squats(self):
        """Good squats counted so far in the donning."""
        return self._donning.sums.good if self._donning else 0

    def batch(self, n_shank, n_thigh, mv):
        """Run one batch; mv is the flex reading (-1: none). Returns bits STOOD ... BEAT."""
        self.batches += 1
        if not n_shank and not n_thigh:
            return 0
        if self._given and not self.detection:
            self._start(mv)
            if not self.detection.has_reading(mv):
                self.fault = faults.FLEX_MISSING
        detection, aligner = self.detection, self.aligner
        if detection:
            detection.before(mv)
        n = aligner.push(self.shank, n_shank, self.thigh, n_thigh)
        if detection:
            return detection.batch(aligner.out, n, mv, self.batches, aligner.n_s)
        bits = self._don(n, mv)
        if bits & ACCEPTED:
            self._start(mv)
        return bits

    def gap(self, lost):
        """After lost samples: a donning begins anew, a run goes on with the next whole stride; baseline and policy are kept."""
        self.aligner.gap(lost)
        if self.detection:
            self.detection.gap(lost, self.aligner.next_k)
        elif self._donning:
            self._don_anew()

    def _don_anew(self):
        from .donning import Donning

        self._donning = Donning(self._params)

    def _don(self, n, mv):
        d = self._donning
        if not d or d.phase == d.DONE:
            return 0
        phase = d.phase
        d.step(self.aligner.out, n, mv)
        if d.phase == phase:
            return 0
        if d.phase == d.SQUATS:
            return STOOD
        self.accepted_batch = self.batches
        found = self.calibration = d.calibration
        if found[0]:
            self.fault = faults.DONNING_REFUSED
            return REFUSED
        if not found[30]:
            self.fault = faults.FLEX_DEGRADED if d.sums.has_flex else faults.FLEX_MISSING
        return ACCEPTED

    def _start(self, mv):
        """Detection, in the room of the donning."""
        self._donning = NOTHING
        self.before_detection()
        from .detection import Detection
        from .saved import Saver

        self._saver = Saver()
        buffers = self._history, self._table, self.strides
        self.detection = Detection(self._params, self.calibration, *buffers, self.aligner.next_k)
        self.detection.start(mv)

    @staticmethod
    def before_detection():
        """A sleeve puts what lets go of the donning's code here."""

    def save(self, out, at=0, n=-1):
        """Write the state after this batch into n bytes (-1: all that is there) of `out` (bytearray) from `at` on.

        Returns how many it takes; 0: not running, or n is too few.
        With the same parameters and calibration `restore` goes on from there as if nothing had been between. Allocates nothing.
        """
        if not self.detection:
            return 0
        c = self._saver
        c.begin(out, at, n if n >= 0 else len(out) - at)
        self._state_words(c)
        return c.at - at if c.at > at else 0

    def restore(self, state, n):
        """Go on from the first n bytes of `state`; made with the calibration in force.

        Raises ValueError where they are no state of this version; then this object is of no use any more.
        """
        if not self.calibration:
            raise ValueError("a state needs the calibration that it was saved with")
        from .saved import CutError, Loader

        self._start(-1)
        try:
            self._state_words(Loader(state, n))
        except (CutError, IndexError):
            self.detection = NOTHING
            raise ValueError("the saved state is cut or damaged") from None
        self.detection.restored()

    def _state_words(self, c):
        if c.word(STATE_VERSION) != STATE_VERSION:
            raise ValueError("the saved state is of another version")
        self.batches = c.word(self.batches)
        self.accepted_batch = c.word(self.accepted_batch)
        self.fault = c.word(self.fault)
        self.aligner.state(c)
        self.detection.state(c)
