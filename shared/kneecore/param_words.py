"""What the parameters mean, in words: read by the host, never loaded on the device (its heap is small)."""

GROUPS = ("wearer", "contacts", "angle", "threshold", "cue", "cadence", "recording")

# name: (group, what it is)
TABLE = {
    "side": ("wearer", "leg the sleeve is on; the donning reads it, afterwards the calibration's side counts"),
    "run_number": ("wearer", "run of the faded schedule: 1-4 every cue, 5 75 %, 6 50 %, 7 25 %, from 8 on none"),
    "arm_dps": ("contacts", "forward swing rate of the shank that arms the contact detector"),
    "contact_jerk_mg": ("contacts", "smallest step of axial acceleration that counts as a running contact"),
    "flex_window": ("angle", "window over which the flex sensor levels the gyros' flexion; 36 is about one stride"),
    "rotation_gain_pct": ("angle", "share of the axial rotation term that is taken out of the collapse"),
    "crosstalk_gain_pct": ("angle", "share of the swing's slope of abduction on flexion that is taken out of the collapse"),
    "threshold_floor_mdeg": ("threshold", "lowest threshold over the baseline"),
    "threshold_cap_mdeg": ("threshold", "highest threshold over the baseline"),
    "spread_gain_pct": ("threshold", "threshold in percent of the baseline's spread (as SD)"),
    "hysteresis_pct": ("threshold", "threshold after a stride that was over, in percent"),
    "cue_mode": ("cue", "quiet, a cue on collapse, or beats of a faster cadence"),
    "cue_k": ("cue", "cue only if at least this many of the last cue_n judged strides were over"),
    "cue_n": ("cue", "the number of judged strides that cue_k counts in"),
    "cue_min_ms": ("cue", "shortest pulse"),
    "cue_max_ms": ("cue", "longest pulse"),
    "cue_gain_ms_per_deg": ("cue", "longer pulse per degree over the threshold"),
    "cadence_up_permille": ("cadence", "how much faster than the wearer's own cadence the beats are"),
    "cadence_beat_ms": ("cadence", "length of a beat"),
    "record_level": ("recording", "what a run records: strides, samples around cues too (windows), or every sample (raw)"),
}  # fmt: skip
