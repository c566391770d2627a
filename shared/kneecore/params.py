"""The parameter schema: one table for device, host and documentation."""

# name, default, lowest, highest, unit, help
TABLE = (
    ("side", 0, 0, 1, "", "leg the sleeve is on: 0 left, 1 right"),
    ("arm_dps", 150, 80, 400, "dps", "forward swing rate of the shank that arms the contact detector"),
    ("contact_jerk_mg", 600, 200, 3000, "mg/sample", "smallest step of axial acceleration that counts as a running contact"),
    ("flex_window", 36, 8, 64, "batches", "window over which the flex sensor levels the gyros' flexion"),
    ("rotation_gain_pct", 40, 0, 100, "%", "share of the axial rotation term that is taken out of the collapse"),
    ("crosstalk_gain_pct", 75, 0, 100, "%", "share of the swing's slope of abduction on flexion that is taken out of the collapse"),
    ("threshold_floor_mdeg", 2000, 500, 10000, "mdeg", "lowest threshold over the baseline"),
    ("threshold_cap_mdeg", 3000, 500, 15000, "mdeg", "highest threshold over the baseline"),
    ("spread_gain_pct", 300, 100, 600, "%", "threshold in percent of the baseline's spread (as SD)"),
    ("hysteresis_pct", 85, 50, 100, "%", "threshold after a stride that was over, in percent"),
    ("cue_mode", 1, 0, 2, "", "0 quiet, 1 cue on collapse, 2 beat a faster cadence"),
    ("cue_k", 1, 1, 8, "strides", "cue only if at least this many ..."),
    ("cue_n", 1, 1, 8, "strides", "... of this many judged strides were over"),
    ("cue_min_ms", 100, 60, 300, "ms", "shortest pulse"),
    ("cue_max_ms", 300, 60, 300, "ms", "longest pulse"),
    ("cue_gain_ms_per_deg", 40, 0, 200, "ms/deg", "longer pulse per degree over the threshold"),
    ("cadence_up_permille", 75, 0, 100, "permille", "how much faster than the wearer's own cadence the beats are"),
    ("cadence_beat_ms", 40, 20, 60, "ms", "length of a beat"),
    ("run_number", 1, 1, 99, "", "run of the faded schedule (1-4: every cue, then 75, 50, 25, 0 %)"),
)  # fmt: skip
NAMES = tuple([row[0] for row in TABLE])


def defaults():
    """Name -> default value, all parameters."""
    return {row[0]: row[1] for row in TABLE}


def problem(params):
    """What is wrong with a full set of parameters, in words that name parameter, value and range; "" if nothing."""
    for name, _, lo, hi, unit, _ in TABLE:
        v = params.get(name)
        if not isinstance(v, int) or v is True or v is False or not lo <= v <= hi:
            return "{} = {} is outside {} ... {} {}".format(name, v, lo, hi, unit).rstrip()
    if params["cue_k"] > params["cue_n"]:
        return "cue_k = {} is more than cue_n = {}".format(params["cue_k"], params["cue_n"])
    if params["cue_min_ms"] > params["cue_max_ms"]:
        return "cue_min_ms = {} is more than cue_max_ms = {}".format(params["cue_min_ms"], params["cue_max_ms"])
    if params["threshold_floor_mdeg"] > params["threshold_cap_mdeg"]:
        return "threshold_floor_mdeg = {} is more than threshold_cap_mdeg = {}".format(
            params["threshold_floor_mdeg"], params["threshold_cap_mdeg"]
        )
    return ""
