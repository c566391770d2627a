"""The parameter schema: one table for device, host and documentation. Its words are in param_words.py, on the host."""

# inputs of the detector: name, default, lowest, highest, unit; "word|word" in place of a unit are the names of 0, 1, ...
TABLE = (
    ("side", 0, 0, 1, "left|right"),
    ("arm_dps", 150, 80, 400, "dps"),
    ("contact_jerk_mg", 600, 200, 3000, "mg/sample"),
    ("flex_window", 36, 8, 64, "batches"),
    ("rotation_gain_pct", 40, 0, 100, "%"),
    ("crosstalk_gain_pct", 75, 0, 100, "%"),
    ("threshold_floor_mdeg", 2000, 500, 10000, "mdeg"),
    ("threshold_cap_mdeg", 3000, 500, 15000, "mdeg"),
    ("spread_gain_pct", 300, 100, 600, "%"),
    ("hysteresis_pct", 85, 50, 100, "%"),
    ("cue_mode", 1, 0, 2, "quiet|collapse|cadence"),
    ("cue_k", 1, 1, 8, "strides"),
    ("cue_n", 1, 1, 8, "strides"),
    ("cue_min_ms", 100, 60, 300, "ms"),
    ("cue_max_ms", 300, 60, 300, "ms"),
    ("cue_gain_ms_per_deg", 40, 0, 200, "ms/deg"),
    ("cadence_up_permille", 75, 0, 100, "permille"),
    ("cadence_beat_ms", 40, 20, 60, "ms"),
    ("run_number", 1, 1, 99, ""),
)
# what the detector does not read: no part of META's `params`, nor of the detector's identity
SETTINGS = (("record_level", 1, 0, 2, "strides|windows|raw"),)
ORDERED = (("cue_k", "cue_n"), ("cue_min_ms", "cue_max_ms"), ("threshold_floor_mdeg", "threshold_cap_mdeg"))
NAMES = tuple([row[0] for row in TABLE])


def defaults(table=TABLE):
    """Name -> default value; the detector's parameters, or those of another table."""
    return {row[0]: row[1] for row in table}


def problem(params, table=TABLE):
    """What is wrong with a full set of parameters, in words that name parameter, value and range; "" if nothing."""
    for name, _, lo, hi, unit in table:
        v = params.get(name)
        if not isinstance(v, int) or v is True or v is False or not lo <= v <= hi:
            return "{} = {} is outside {} ... {} {}".format(name, v, lo, hi, unit).rstrip()
    for low, high in ORDERED:
        if params[low] > params[high]:
            return "{} = {} is more than {} = {}".format(low, params[low], high, params[high])
    return ""
