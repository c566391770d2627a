"""From complete stances to stride records: gate, measures, decision, cue (docs/detector.md §4.3.1, §5-§7)."""

from . import stride as st
from .crosstalk import Crosstalk
from .cue import CuePolicy
from .decision import Baseline
from .gate import RunningGate
from .stance import Stance
from .stride import NULL

_NEVER = -0x10000000


class Strides:
    """One donning's strides. After `begin`, each `stance` may add a record to `records` (array('i') of MAX_EVENTS times
    `stride.FIELD_COUNT` words; `count` of them are filled)."""

    def __init__(self, params, history, records):
        self.records = records
        self.count = 0
        self.last_ic = _NEVER
        self.gate = RunningGate(history, params["contact_jerk_mg"])
        self.crosstalk = Crosstalk(history, params["crosstalk_gain_pct"])
        self.baseline = Baseline(params)
        self.cue = CuePolicy(params)
        self._stance = Stance(history, params["rotation_gain_pct"])
        self._index = self._clips = self._lost = 0

    def begin(self):
        """A new batch: no record yet."""
        self.count = 0

    def gap(self, lost):
        """`lost` samples are missing: the next stride has none before it."""
        self.gate.forget()
        self._lost += lost
        self._clips = 0

    def stance(self, ic, to, jerk, clipped_at, clips, batch, n_s):
        """A complete stance: the sample last clipped, clipped samples so far, the batch, shank samples drained."""
        if not self.gate.is_stride(ic, to, jerk):
            return
        out, o = self.records, st.FIELD_COUNT * self.count
        judged = clipped_at < to - self.gate.stride_samples
        if not self.crosstalk.settled:
            self._learn_crosstalk(ic, clipped_at, judged)
        self._stance.measure(ic, to, self.gate.stride_samples, self.crosstalk.kappa)
        out[o + st.INDEX] = self._index
        out[o + st.IC] = ic
        out[o + st.TO] = to
        out[o + st.JUDGED] = 1 if judged else 0
        out[o + st.JERK] = jerk
        out[o + st.STRIDE_SAMPLES] = self.gate.stride_samples
        out[o + st.BATCH] = batch
        out[o + st.CLIPPED_SAMPLES] = clips - self._clips
        out[o + st.LOST_SAMPLES] = self._lost
        self._measures(out, o, judged)
        self._decide(out, o, judged, batch, n_s)
        self.last_ic = ic
        self._clips, self._lost = clips, 0
        self._index += 1
        self.count += 1

    def _learn_crosstalk(self, ic, clipped_at, judged):
        if clipped_at < self.gate.swing_first:
            self.crosstalk.swing(self.gate.swing_first, ic)
        if judged and self.baseline.next_is_settled:
            self.crosstalk.settle()

    def _measures(self, out, o, judged):
        m = self._stance
        out[o + st.COLLAPSE] = m.collapse_mdeg if judged else NULL
        out[o + st.RAW_COLLAPSE] = m.raw_collapse_mdeg if judged else NULL
        out[o + st.EXCURSION] = m.excursion_mdeg if judged else NULL
        out[o + st.FLEXION_AT_IC] = m.flexion_at_ic_mdeg
        out[o + st.FLEXION_PEAK] = m.flexion_peak_mdeg
        out[o + st.ABDUCTION_AT_IC] = m.abduction_at_ic_mdeg if judged else NULL
        out[o + st.ABDUCTION_PEAK] = m.abduction_peak_mdeg if judged else NULL
        out[o + st.PEAK_SAMPLES] = m.peak_samples if judged else NULL
        out[o + st.SHANK_RANGE] = m.shank_range_mdeg if judged else NULL
        out[o + st.THIGH_RANGE] = m.thigh_range_mdeg if judged else NULL

    def _decide(self, out, o, judged, batch, n_s):
        b, c = self.baseline, self.cue
        collapse = out[o + st.COLLAPSE]
        over, cue_ms, reason = 0, 0, st.R_WITHIN
        if not judged:
            b.unjudged()
            reason = st.R_UNJUDGED
        elif not b.ready:
            b.learn(collapse, out[o + st.STRIDE_SAMPLES])
            reason = st.R_LEARNING
        elif b.judge(collapse):
            over = 1
            excess = collapse - b.baseline_mdeg - b.threshold_mdeg
            reason = c.over(excess, out[o + st.IC], out[o + st.STRIDE_SAMPLES], n_s)
            cue_ms = c.cue_ms
        else:
            c.not_over()
        out[o + st.OVER] = over
        out[o + st.BASELINE] = b.baseline_mdeg
        out[o + st.THRESHOLD] = b.threshold_mdeg
        out[o + st.REASON] = reason
        out[o + st.CUE_MS] = cue_ms
        out[o + st.CUE_BATCH] = batch if cue_ms else 0

    def state(self, c):
        """Pass the state through a Saver or Loader (saved.py)."""
        self._index = c.word(self._index)
        self._clips = c.word(self._clips)
        self._lost = c.word(self._lost)
        self.last_ic = c.word(self.last_ic)
        self.gate.state(c)
        self.crosstalk.state(c)
        self.baseline.state(c)
        self.cue.state(c)
