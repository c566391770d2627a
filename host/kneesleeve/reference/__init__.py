"""The reference detector: docs/detector.md in NumPy, vectorised over samples, a second opinion to kneecore.

`run` does everything; `calibrate` and `detect` are its two halves, for checks of recorded runs (`detection` gives beats
and refreshes as well); `frontal_angle` is the angle chain alone, for checks against an optical angle.
"""

from kneesleeve.reference.align import align
from kneesleeve.reference.angle import frontal_angle
from kneesleeve.reference.detector import Detection, detect, detect_aligned, detection
from kneesleeve.reference.engine import calibrate, run
from kneesleeve.reference.types import Aligned, Calibration, DrainedRun

__all__ = [
    "Aligned", "Calibration", "Detection", "DrainedRun",
    "align", "calibrate", "detect", "detect_aligned", "detection", "frontal_angle", "run",
]  # fmt: skip
