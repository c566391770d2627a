"""Explains a donning: what the reference's calibration rests on, or why there is none (docs/detector.md §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from kneesleeve.errors import SessionError
from kneesleeve.recordings import Drained, Recording, drain
from kneesleeve.recordings.drain import BATCH_US
from kneesleeve.reference.align import align
from kneesleeve.reference.donning import LONGEST, Donning, don
from kneesleeve.reference.engine import side_of
from kneesleeve.reference.fit import AXES_UNCLEAR, SWAPPED
from kneesleeve.reference.squats import MOST_BLOCKS, Squats, squat
from kneesleeve.reference.standing import STILL_BLOCKS, Standing, stand
from kneesleeve.reference.sums import BLOCK, BatchSums, batch_sums
from kneesleeve.reference.types import Calibration
from kneesleeve.report.explained import Explanation, Recorded, Stood, Traces
from kneesleeve.report.source import Floats
from kneesleeve.services import explain_motion as motion
from kneesleeve.services.explain_fit import Fitted, fitted, flex_of, score_of, sensors_of
from kneesleeve.services.verify import comparable_batches, verify
from kneesleeve.sessions.layout import MAGIC
from kneesleeve.sessions.raw import first_batches
from kneesleeve.sessions.reader import read_bytes
from kneesleeve.sessions.session import Session


def kind_of(path: Path) -> Literal["recording", "session"]:
    """What a file is, by its first bytes, else by its suffix, so that its own reader can say what is wrong with it.

    Raises SessionError for a file that is missing, a folder, empty or neither of the two.
    """
    data = read_bytes(path)
    if data.startswith(b"PK") or path.suffix == ".npz":
        return "recording"
    if data.startswith(MAGIC) or path.suffix == ".sleeve":
        return "session"
    raise SessionError(
        f"{path} is neither a recording nor a session.", hint="Give a recording (*.npz) or a session (*.sleeve)."
    )


def explain_recording(recording: Recording, params: Mapping[str, int]) -> Explanation:
    """The donning of a recording."""
    return explain(drain(recording), params, recording.name)


def explain_session(session: Session) -> Explanation:
    """The donning of a session, and whether the sleeve recorded the same.

    Raises SessionError where nothing can be recomputed (no raw samples, no parameters), and where the calibration was
    handed to the sleeve.
    """
    if session.calibration_given:
        raise SessionError(
            f"{session.path}: the calibration was handed to the sleeve, so there is no donning to explain.",
            hint="Give a session in which the sleeve was put on.",
        )
    verdict = verify(session)
    if verdict.verdict == "unverifiable" and verdict.calibration == "unchecked":
        raise SessionError(
            f"{session.path}: the donning cannot be explained: {verdict.reason}.",
            hint="`sleeve report` shows what the sleeve recorded of it.",
        )
    found = explain(first_batches(session.drained, comparable_batches(session)), session.params, session.path.name)
    if session.calibration is None:
        return found
    wrong = verdict.difference if verdict.calibration == "differs" else None
    state = "differs" if wrong else "missing" if found.calibration is None else "exact"
    return replace(found, recorded=Recorded(state, str(wrong or ""), Calibration.of(session.calibration)))


def explain(drained: Drained, params: Mapping[str, int], name: str = "") -> Explanation:
    """The donning of drained samples. Its calibration is the reference's own, 32 integers."""
    aligned = align(drained)
    donning = don(aligned, side_of(params))
    sums = batch_sums(aligned, LONGEST)
    sums = sums.part(slice(0, int(np.searchsorted(sums.number, donning.batch, "right")) if donning.batch > 0 else None))
    ticks_us = drained.ticks_us - (drained.ticks_us[:1] - BATCH_US)
    t_s = ticks_us[sums.number - 1] / 1e6
    stood = stand(sums)
    found = Explanation(
        name, "R" if params["side"] else "L", float(ticks_us[-1]) / 1e6 if len(drained) else 0.0,
        donning.calibration, donning.batch, float(ticks_us[donning.batch - 1]) / 1e6 if donning.batch > 0 else None,
        motion.blocks_of(sums, t_s, stood), motion.steady_dps(sums, stood),
    )  # fmt: skip
    return found if stood is None else _after_standing(found, donning, sums, t_s, stood)


def _after_standing(found: Explanation, donning: Donning, sums: BatchSums, t_s: Floats, stood: Standing) -> Explanation:
    """Standing, squats and, where the donning got that far, the fit."""
    rest = sums.part(slice(stood.end, stood.end + MOST_BLOCKS * BLOCK))
    turned = motion.turned_since(rest, stood)
    squats = motion.squats_of(turned.depth_32u, t_s[stood.end :])
    did = squat(rest, stood)
    fit = fitted(stood, did) if _reached_the_fit(donning, did) else None
    traces = _traces(sums, t_s, stood, turned, fit)
    found = replace(found, stood=_stood(stood, t_s), squats=squats, traces=traces)
    if fit is None:
        return found
    flex = flex_of(fit, rest.mv.astype(np.float64))
    return replace(found, sensors=sensors_of(fit), flex=flex, score=None if _refused(donning) else score_of(fit))


def _reached_the_fit(donning: Donning, did: Squats) -> bool:
    calibration = donning.calibration
    return (
        calibration is not None and did.end is not None and calibration.status in (0, *range(AXES_UNCLEAR, SWAPPED + 1))
    )


def _refused(donning: Donning) -> bool:
    return donning.calibration is None or donning.calibration.status != 0


def _stood(stood: Standing, t_s: Floats) -> Stood:
    x, y, z, u, v, w = (b / 16 * motion.DPS_PER_LSB for b in stood.bias16)
    begin = stood.end - STILL_BLOCKS * BLOCK
    return Stood(float(t_s[begin - 1]) if begin else 0.0, float(t_s[stood.end - 1]), (x, y, z), (u, v, w))


def _traces(sums: BatchSums, t_s: Floats, stood: Standing, turned: motion.Turned, fit: Fitted | None) -> Traces:
    """Angles from the first batch on: those before standing with the bias that standing then gave."""
    angles_32u = np.concatenate((motion.angles_before(sums, stood), turned.angles_32u))
    depth_deg = sum(np.linalg.norm(angles_32u[:, s], axis=1) for s in (slice(0, 3), slice(3, 6))) * motion.DEG_PER_32U
    mv = sums.mv.astype(np.float64)
    in_fit = np.arange(len(sums)) >= stood.end
    curve = None
    if fit is not None and fit.flex.ok:
        at_mv = np.linspace(mv[in_fit].min(), mv[in_fit].max(), 60)
        curve = at_mv, fit.flex_deg(at_mv)
    return Traces(t_s, np.asarray(depth_deg), fit and fit.flexion_deg(angles_32u), mv, in_fit, curve)
