"""A session's strides, events and batches as columns: dicts of equally long arrays, with the units in their names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kneecore import stride as st
from kneesleeve.sessions.contents import Contents
from kneesleeve.sessions.times import contact_times_s, shank_hz

Table = dict[str, NDArray]
_ACCEL_MG_PER_LSB = 0.488
_MDEG = [name for name in st.FIELD_NAMES if name.endswith("_mdeg")]
_COUNTS = ("clipped_samples", "lost_samples")


def stride_table(contents: Contents, shank_t_s: NDArray[np.float64]) -> Table:
    """One row a reported stride; the columns are told in docs/sessions.md."""
    rows = np.array(contents.strides, np.int64).reshape(-1, st.FIELD_COUNT)
    hz, ic_s = shank_hz(contents), contact_times_s(contents, shank_t_s)
    cued = rows[:, st.CUE_MS] > 0
    contact = _values(rows[:, st.TO] - rows[:, st.IC], rows[:, st.TO] != st.NULL)
    since = rows[:, st.STRIDE_SAMPLES]
    table: Table = {
        "index": rows[:, st.INDEX],
        "batch": rows[:, st.BATCH],
        "ic_sample": rows[:, st.IC],
        "ic_s": ic_s,
        "to_s": ic_s + contact / hz,
        "contact_ms": contact / hz * 1000,
        "stride_s": _values(since, since > 0) / hz,
        "judged": rows[:, st.JUDGED] == 1,
        "over": rows[:, st.OVER] == 1,
    }
    for name in (*_MDEG, *_COUNTS):
        table[name] = _field(rows, name)
    return table | {
        "peak_ms": _field(rows, "peak_samples") / hz * 1000,
        "jerk_mg": _field(rows, "jerk") * _ACCEL_MG_PER_LSB,
        "reason": names(rows[:, st.REASON], st.REASON_NAMES, "reason"),
        "cue_ms": np.where(cued, rows[:, st.CUE_MS], 0),
        "cue_at_s": np.where(cued, contents.clock.ms(rows[:, st.CUE_BATCH]) / 1000, np.nan),
    }


def event_table(contents: Contents) -> Table:
    """One row an event: t_s, batch, event (its name), code, argument."""
    rows = np.array(contents.events, np.int64).reshape(-1, 3)
    return {
        "t_s": contents.clock.ms(rows[:, 0]) / 1000,
        "batch": rows[:, 0],
        "event": np.array([event.name for event in contents.events], str),
        "code": rows[:, 1],
        "argument": rows[:, 2],
    }


def batch_table(contents: Contents) -> Table:
    """One row a recorded raw batch; ticks_us go on past the counter's turns, flex_mv is -1 where there is none."""
    run = contents.raw_run
    return {
        "batch": run.batch,
        "t_s": contents.clock.us / 1e6,
        "ticks_us": contents.clock.us,
        "flex_mv": run.flex_mv,
        "shank_samples": run.n_shank,
        "thigh_samples": run.n_thigh,
    }


def names(codes: NDArray[np.int64], known: Sequence[str], kind: str) -> NDArray[np.str_]:
    """Codes in words; one that is not known becomes `kind_code`."""
    return np.array([known[c] if 0 <= c < len(known) else f"{kind}_{c}" for c in codes.tolist()], str)


def _field(rows: NDArray[np.int64], name: str) -> NDArray[np.float64]:
    column = rows[:, st.FIELD_NAMES.index(name)]
    return _values(column, column != st.NULL)


def _values(numbers: NDArray[np.int64], there: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(there, numbers.astype(np.float64), np.nan)
