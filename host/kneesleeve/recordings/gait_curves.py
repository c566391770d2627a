"""Mean joint-angle curves of running: ten harmonics per channel.

Source: BMC-RIC running data (CC BY 4.0): 24 runners, 704 strides (12 more dropped for marker loss), optical capture on
a treadmill. Each runner counts once. The flexion crosstalk was taken out of the knee's frontal channel runner by
runner: abduction = a + b * flexion fitted on swing (45-95 % of the cycle) and subtracted from the whole cycle.
`fit_gait_curves.py` recomputes the table from the curves (largest distance table - mean curve 0.16 deg);
the curves themselves are not part of the project.

Phase 0 is initial contact, 1 the next one of the same leg; toe-off is near 0.36.
Signs: flexion, abduction, external rotation positive, the same on both legs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOMINAL_STANCE_SHARE = 0.36
CHANNELS = ("hip_flexion", "hip_abduction", "hip_rotation", "knee_flexion", "knee_abduction", "knee_rotation")

# angle_deg(phase) = sum over h of cos[h] * cos(2 pi h phase) + sin[h] * sin(2 pi h phase)
# fmt: off
COEFFICIENTS_DEG = {
    "hip_flexion_cos": (12.364, 18.726, -5.812, -2.194, 0.059, -0.229, 0.049, 0.011, 0.024, 0.015, -0.004),
    "hip_flexion_sin": (0.000, -11.633, 2.232, 1.104, -0.037, -0.048, -0.008, -0.096, -0.042, -0.006, 0.007),
    "hip_abduction_cos": (-0.303, 0.148, -0.304, 1.374, -0.142, 0.266, -0.056, -0.064, 0.022, -0.023, 0.022),
    "hip_abduction_sin": (0.000, -5.082, -0.753, 0.507, -0.003, 0.260, 0.242, 0.133, -0.017, -0.030, 0.000),
    "hip_rotation_cos": (-3.530, -5.069, 1.250, 0.554, 0.010, 0.764, 0.069, 0.024, -0.044, -0.060, -0.057),
    "hip_rotation_sin": (0.000, -2.123, 0.831, -0.001, -0.084, -0.497, -0.190, -0.053, -0.038, 0.002, -0.006),
    "knee_flexion_cos": (41.226, -11.194, -16.301, -3.474, -0.515, -0.319, 0.102, -0.024, 0.021, -0.002, -0.015),
    "knee_flexion_sin": (0.000, -26.641, 18.063, 1.964, 1.011, 0.214, -0.026, -0.185, -0.084, 0.003, 0.023),
    "knee_abduction_cos": (-2.600, -2.141, 1.341, -1.329, -0.286, -0.099, 0.159, 0.174, 0.025, 0.019, -0.012),
    "knee_abduction_sin": (0.000, -3.185, -0.227, -0.741, 1.094, 0.269, 0.065, 0.053, 0.021, 0.005, -0.019),
    "knee_rotation_cos": (15.832, 5.400, 3.791, -0.995, -0.177, -0.436, -0.019, -0.001, 0.076, 0.085, 0.075),
    "knee_rotation_sin": (0.000, 2.940, -6.424, -0.648, -0.270, 0.467, 0.498, 0.312, 0.094, 0.006, 0.021),
}
# fmt: on


def coefficients() -> NDArray[np.complex128]:
    """The table as complex [6, 11], rows as CHANNELS: angle = Re sum_h c_h exp(2 pi i h phase), degrees."""
    rows = [np.array(COEFFICIENTS_DEG[f"{n}_cos"]) - 1j * np.array(COEFFICIENTS_DEG[f"{n}_sin"]) for n in CHANNELS]
    return np.array(rows)


def mean_angles_deg(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean joint angles at `phase` (in cycles, any real number): float [6, N] degrees, rows as CHANNELS."""
    c = coefficients()
    turn = np.exp(2j * np.pi * phase)
    total = np.broadcast_to(c[:, -1:], (len(c), len(phase)))
    for h in range(c.shape[1] - 2, -1, -1):  # Horner in exp(2 pi i phase)
        total = total * turn + c[:, h : h + 1]
    return total.real
