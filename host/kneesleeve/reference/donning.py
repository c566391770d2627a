"""The donning from the first batch to a calibration or a refusal (docs/detector.md §3)."""

from __future__ import annotations

from dataclasses import dataclass

from kneesleeve.reference import fit, squats, standing
from kneesleeve.reference.sums import BLOCK, batch_sums
from kneesleeve.reference.types import Aligned, Calibration

LONGEST = (standing.MOST_BLOCKS + squats.MOST_BLOCKS) * BLOCK


@dataclass(frozen=True)
class Donning:
    """How the donning ended.

    calibration: accepted or refused, None where the batches ran out. batch: its number then, -1 for None.
    flex_found: the flex voltage was plausible while standing (False as well where it did not come to that).
    """

    calibration: Calibration | None
    batch: int
    flex_found: bool


def don(aligned: Aligned, side: int) -> Donning:
    """Stand, squat, fit; `side` is +1 left, -1 right."""
    sums = batch_sums(aligned, LONGEST)
    stood = standing.stand(sums)
    if stood is None:
        limit = standing.MOST_BLOCKS * BLOCK
        if len(sums) < limit:
            return Donning(None, -1, False)
        return Donning(fit.refusal(fit.MOVED, side, 0), int(sums.number[limit - 1]), False)
    rest = sums.part(slice(stood.end, None))
    did = squats.squat(rest, stood)
    limit = squats.MOST_BLOCKS * BLOCK
    if did.end is None and len(rest) < limit:
        return Donning(None, -1, stood.has_flex)
    batch = int(rest.number[(did.end or limit) - 1])
    return Donning(_judge(stood, did, side), batch, stood.has_flex)


def _judge(stood: standing.Standing, did: squats.Squats, side: int) -> Calibration:
    if did.end is None:
        return fit.refusal(fit.NO_END, side, did.good)
    if did.good < squats.ENOUGH:
        return fit.refusal(fit.TOO_SHALLOW if did.shallow else fit.TOO_FEW, side, did.good)
    return fit.fit(stood, did, side)
