"""The whole way of a batch: alignment, donning, kernel, stride, decision, cue. The same object runs in firmware and on the host."""

from array import array

from . import align, donning, faults, kernel, trig
from . import stride as st
from .align import Aligner
from .cue import CuePolicy
from .decision import Baseline
from .donning import Donning
from .flexion import FLEX_HIGH_MV, FLEX_LOW_MV, FlexLevel
from .stance import Stance
from .stride import NULL

_NO_STRIDE = 145  # samples before contact that the axial reference is taken from, where the stride before is not known

# what a batch brought, as bits of `Pipeline.batch`'s result
STOOD, ACCEPTED, REFUSED, STRIDES = 1, 2, 4, 8


class Pipeline:
    """One run. Fill `shank` and `thigh` (int16, gyro xyz then accel xyz per sample, at most 64 samples each), then call `batch`.

    After STRIDES, `stride_count` records stand in `strides` (array('i'), `stride.FIELD_COUNT` words each).
    Allocates while donning and at its acceptance; not while running.
    """

    def __init__(self, params, calibration=None):
        self.shank = array("h", bytearray(2 * align.MAX_IN * 6))
        self.thigh = array("h", bytearray(2 * align.MAX_IN * 6))
        self.strides = array("i", bytearray(4 * st.FIELD_COUNT * kernel.MAX_EVENTS))
        self.stride_count = 0
        self.aligner = Aligner()
        self.batches = 0
        self.accepted_batch = -1
        self.calibration = None
        self.fault = faults.NONE
        self._params = params
        self._table = trig.table()
        self._rings = [array("i", bytearray(4 * kernel.RING)) for _ in range(5)]
        self._stance = Stance(self._rings, params["rotation_gain_pct"])
        self._running = False
        self._donning = None if calibration else Donning(params)
        self._given = calibration or None
        if calibration:
            self.calibration, self.accepted_batch = calibration, 0

    @property
    def given(self):
        """True if the calibration was given, so that there is no donning."""
        return self._given is not None

    @property
    def running(self):
        """True once a calibration is in force and strides are looked for."""
        return self._running

    @property
    def standing(self):
        """True while the donning waits for the wearer to stand still."""
        return self._donning is not None and self._donning.phase == donning.STANDING

    @property
    def squats(self):
        """Good squats counted so far in the donning."""
        return self._donning.sums.good if self._donning else 0

    def batch(self, n_shank, n_thigh, mv):
        """Run one batch; mv is the flex reading (-1: none). Returns bits STOOD ... STRIDES."""
        self.batches += 1
        if not n_shank and not n_thigh:
            return 0
        if self._given and not self._running:
            self._start_given(mv)
        n = self.aligner.push(self.shank, n_shank, self.thigh, n_thigh)
        if self._running or self._donning is None:
            return self._detect(n, mv)
        return self._don(self._donning, n, mv)

    def gap(self, lost, mv):
        """After lost samples: a donning begins anew, a run goes on with the next whole stride; baseline and policy are kept."""
        self.aligner.gap(lost)
        if self._running:
            self._restart_kernel(mv)
            self._last_ic = -0x10000000
        elif self._donning:
            self._donning = Donning(self._params)

    def _don(self, d, n, mv):
        if d.phase == donning.DONE:
            return 0
        phase = d.phase
        d.step(self.aligner.out, n, mv)
        if d.phase == phase:
            return 0
        if d.phase == donning.SQUATS:
            return STOOD
        self.accepted_batch = self.batches
        self.calibration = d.calibration
        if d.calibration[0]:
            self.fault = faults.DONNING_REFUSED
            return REFUSED
        if not d.calibration[30]:
            self.fault = faults.FLEX_DEGRADED if d.sums.has_flex else faults.FLEX_MISSING
        self._start(mv)
        return ACCEPTED

    def _start_given(self, mv):
        if not FLEX_LOW_MV <= mv <= FLEX_HIGH_MV:
            self.fault = faults.FLEX_MISSING
        self._start(mv)

    def _start(self, mv):
        p = self._params
        self._restart_kernel(mv)
        self._baseline = Baseline(p)
        self._cue = CuePolicy(p)
        self._jerk_min = p["contact_jerk_mg"] * 1000 // 488
        self._count = 0
        self._last_ic = -0x10000000
        self._running = True

    def _restart_kernel(self, mv):
        self._words = kernel.coefficients(self.calibration, self._params["arm_dps"])
        self._k0 = self.aligner.next_k
        self._state = kernel.fresh_state(self._k0)
        self._level = FlexLevel(self.calibration, self._params["flex_window"])
        self._level.start(mv)

    def _detect(self, n, mv):
        self.stride_count = 0
        if not n:
            return 0
        s = self._state
        a, t, j, z, f = self._rings
        kernel.step(self.aligner.out, n, self._level.offset(), self._words, s, a, t, j, z, f, self._table)
        self._level.push(mv, s[kernel.S_G])
        for e in range(s[kernel.S_EVENTS]):
            self._event(kernel.S_EVENT0 + 4 * e)
        return STRIDES if self.stride_count else 0

    def _event(self, at):
        s = self._state
        ic, to = s[at], s[at + 1]
        jerk = s[at + 2] - kernel.JERK_BIAS
        if 25 <= to - ic <= 79 and jerk >= self._jerk_min:
            self._stride(ic, to, jerk, s[at + 3] - 0x10000000)

    def _stride(self, ic, to, jerk, clipped):
        """Write one stride record (docs/detector.md §5-§7); `clipped`: the last clipped sample up to its completion."""
        out, o = self.strides, st.FIELD_COUNT * self.stride_count
        since = ic - self._last_ic
        judged = clipped < ic - 4
        m = self._stance
        history = since if since <= 250 else _NO_STRIDE
        m.measure(ic, to, history if ic - history >= self._k0 else ic - self._k0)
        out[o + st.INDEX] = self._count
        out[o + st.IC] = ic
        out[o + st.TO] = to
        out[o + st.JUDGED] = 1 if judged else 0
        out[o + st.COLLAPSE] = m.collapse_mdeg if judged else NULL
        out[o + st.RAW_COLLAPSE] = m.raw_collapse_mdeg if judged else NULL
        out[o + st.EXCURSION] = m.excursion_mdeg if judged else NULL
        out[o + st.FLEXION_AT_IC] = m.flexion_at_ic_mdeg
        out[o + st.FLEXION_PEAK] = m.flexion_peak_mdeg
        out[o + st.JERK] = jerk
        out[o + st.STRIDE_SAMPLES] = since if since <= 250 else 0
        out[o + st.BATCH] = self.batches
        self._decide(out, o, judged, m.collapse_mdeg)
        self._last_ic = ic
        self._count += 1
        self.stride_count += 1

    def _decide(self, out, o, judged, collapse):
        b, c = self._baseline, self._cue
        over, cue_ms, reason = 0, 0, st.R_WITHIN
        if not judged:
            b.unjudged()
            reason = st.R_UNJUDGED
        elif not b.ready:
            b.learn(collapse)
            reason = st.R_LEARNING
        elif b.judge(collapse):
            over = 1
            excess = collapse - b.baseline_mdeg - b.threshold_mdeg
            reason = c.over(excess, out[o + st.IC], out[o + st.STRIDE_SAMPLES], self.aligner.n_s)
            cue_ms = c.cue_ms
        else:
            c.not_over()
        out[o + st.OVER] = over
        out[o + st.BASELINE] = b.baseline_mdeg
        out[o + st.THRESHOLD] = b.threshold_mdeg
        out[o + st.REASON] = reason
        out[o + st.CUE_MS] = cue_ms
        out[o + st.CUE_BATCH] = self.batches if cue_ms else 0
