"""The stride record: what the detector says of one stride, as integers, in this order everywhere."""

NULL = -0x20000000  # "no value": outside every field's range, inside a 31-bit small integer

# name, unit, bits on the record (docs/format.md "STRIDE, packed"), the earlier field that it is written relative to
FIELDS = (
    ("index", "strides", 16, None),  # from 0, reported strides of this donning
    ("ic", "samples", 23, None),  # initial contact, shank sample index
    ("to", "samples", 8, "ic"),  # toe-off
    ("judged", "bool", 2, None),
    ("over", "bool", 2, None),
    ("collapse_mdeg", "mdeg", 15, None),
    ("raw_collapse_mdeg", "mdeg", 13, "collapse_mdeg"),
    ("excursion_mdeg", "mdeg", 15, "raw_collapse_mdeg"),
    ("baseline_mdeg", "mdeg", 14, "collapse_mdeg"),
    ("threshold_mdeg", "mdeg", 13, None),
    ("flexion_at_ic_mdeg", "mdeg", 17, None),
    ("flexion_peak_mdeg", "mdeg", 17, "flexion_at_ic_mdeg"),
    ("jerk", "accel LSB per sample", 15, None),
    ("stride_samples", "samples", 9, None),  # since the contact before
    ("reason", "code", 5, None),
    ("cue_ms", "ms", 10, None),
    ("cue_batch", "batch", 1, None),
    ("batch", "batch", 21, "cue_batch"),  # in which the stride was completed
    ("abduction_at_ic_mdeg", "mdeg", 15, None),  # relative to the mean of the stride before
    ("abduction_peak_mdeg", "mdeg", 15, "abduction_at_ic_mdeg"),
    ("peak_samples", "samples", 8, None),  # from initial contact to the peak
    ("shank_range_mdeg", "mdeg", 15, None),  # in the frontal plane, in stance
    ("thigh_range_mdeg", "mdeg", 15, "shank_range_mdeg"),
    ("clipped_samples", "samples", 2, None),  # since the stride before
    ("lost_samples", "samples", 2, None),  # since the stride before
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
