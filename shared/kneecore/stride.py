"""The stride record: what the detector says of one stride, as integers, in this order everywhere."""

NULL = -0x20000000  # "no value": outside every field's range, inside a 31-bit small integer

# name, unit
FIELDS = (
    ("index", "strides"),  # from 0, reported strides of this donning
    ("ic", "samples"),  # initial contact, shank sample index
    ("to", "samples"),  # toe-off
    ("judged", "bool"),
    ("over", "bool"),
    ("collapse_mdeg", "mdeg"),
    ("raw_collapse_mdeg", "mdeg"),
    ("excursion_mdeg", "mdeg"),
    ("baseline_mdeg", "mdeg"),
    ("threshold_mdeg", "mdeg"),
    ("flexion_at_ic_mdeg", "mdeg"),
    ("flexion_peak_mdeg", "mdeg"),
    ("jerk", "accel LSB per sample"),
    ("stride_samples", "samples"),  # since the contact before
    ("reason", "code"),
    ("cue_ms", "ms"),
    ("cue_batch", "batch"),
    ("batch", "batch"),  # in which the stride was completed
    ("abduction_at_ic_mdeg", "mdeg"),  # relative to the mean of the stride before
    ("abduction_peak_mdeg", "mdeg"),
    ("peak_samples", "samples"),  # from initial contact to the peak
    ("shank_range_mdeg", "mdeg"),  # in the frontal plane, in stance
    ("thigh_range_mdeg", "mdeg"),
    ("clipped_samples", "samples"),  # since the stride before
    ("lost_samples", "samples"),  # since the stride before
)
FIELD_NAMES = tuple([f[0] for f in FIELDS])
FIELD_COUNT = 25

(
    INDEX, IC, TO, JUDGED, OVER, COLLAPSE, RAW_COLLAPSE, EXCURSION, BASELINE, THRESHOLD,
    FLEXION_AT_IC, FLEXION_PEAK, JERK, STRIDE_SAMPLES, REASON, CUE_MS, CUE_BATCH, BATCH,
    ABDUCTION_AT_IC, ABDUCTION_PEAK, PEAK_SAMPLES, SHANK_RANGE, THIGH_RANGE, CLIPPED_SAMPLES, LOST_SAMPLES,
) = range(FIELD_COUNT)  # fmt: skip

# reason codes of docs/detector.md §7
R_WITHIN, R_CUED, R_LEARNING, R_UNJUDGED, R_FADED, R_K_OF_N, R_NO_ROOM, R_DUTY, R_QUIET, R_LATE, R_CADENCE = range(11)
REASON_NAMES = (
    "within",
    "cued",
    "learning",
    "unjudged",
    "faded",
    "k_of_n",
    "no_room",
    "duty",
    "quiet",
    "late",
    "cadence",
)
