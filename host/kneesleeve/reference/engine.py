"""The whole answer on one run: donning, detection, faults."""

from __future__ import annotations

from collections.abc import Sequence

from kneecore import faults
from kneesleeve.engines.result import EngineResult
from kneesleeve.reference.align import align
from kneesleeve.reference.detector import Detection, detection
from kneesleeve.reference.donning import Donning, don
from kneesleeve.reference.standing import FLEX_HIGH_MV, FLEX_LOW_MV
from kneesleeve.reference.stretches import start_mv
from kneesleeve.reference.types import Aligned, Calibration, DrainedRun, Params


def run(drained: DrainedRun, params: Params, calibration: Sequence[int] | None = None) -> EngineResult:
    """Calibration, strides and faults of a run.

    params: every name of docs/detector.md §8. calibration: 32 integers (§3.5), then detection starts with batch 1;
    None: the run begins with the donning (§3). Raises ValueError for a record that does not hold 32 integers.
    """
    aligned = align(drained)
    if calibration is None:
        return _with_donning(aligned, params)
    given = Calibration.of(calibration)
    missing = () if FLEX_LOW_MV <= start_mv(aligned, 0) <= FLEX_HIGH_MV else (faults.FLEX_MISSING,)
    return _result(given, 0, detection(aligned, params, given, 0), missing)


def calibrate(drained: DrainedRun, params: Params) -> tuple[tuple[int, ...] | None, int]:
    """The donning alone: record of 32 integers (refusals too) and its batch, or (None, -1) where it did not end."""
    donning = don(align(drained), side_of(params))
    return donning.calibration and donning.calibration.record(), donning.batch


def side_of(params: Params) -> int:
    """+1 left, -1 right."""
    return 1 if params["side"] == 0 else -1


def _with_donning(aligned: Aligned, params: Params) -> EngineResult:
    donning = don(aligned, side_of(params))
    calibration = donning.calibration
    if calibration is None:
        return EngineResult(None, -1)
    found = detection(aligned, params, calibration, donning.batch)
    return _result(calibration, donning.batch, found, _faults(donning, calibration))


def _result(calibration: Calibration, batch: int, found: Detection, codes: tuple[int, ...]) -> EngineResult:
    return EngineResult(calibration.record(), batch, found.strides, codes, found.beats, found.refreshes)


def _faults(donning: Donning, calibration: Calibration) -> tuple[int, ...]:
    if calibration.status != 0:
        return (faults.DONNING_REFUSED,)
    if not donning.flex_found:
        return (faults.FLEX_MISSING,)
    return () if calibration.has_flex else (faults.FLEX_DEGRADED,)
