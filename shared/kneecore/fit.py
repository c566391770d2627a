"""From the sums of a donning to the calibration record (docs/detector.md §3.4, §3.5). Runs at rest; big integers, never floats."""

from .intmath import isqrt, mdeg, norm14

OK, MOVED, TOO_FEW, TOO_SHALLOW, NO_END, AXES_UNCLEAR, UPSIDE_DOWN, SWAPPED = range(8)
_MIN_COS = 10531  # cos 50 deg, Q14
FIELD_COUNT = 32


def problem(record):
    """What is wrong with a given calibration record, "" if it can be used."""
    if (
        not isinstance(record, (list, tuple))
        or len(record) != FIELD_COUNT
        or not all([isinstance(v, int) for v in record])
    ):
        return "calibration must have {} integers".format(FIELD_COUNT)
    if record[0] != OK or record[2] not in (-1, 1) or record[30] not in (0, 1):
        return "the calibration's status, side or flex flag is off"
    for r in range(3, 21, 3):
        square = record[r] * record[r] + record[r + 1] * record[r + 1] + record[r + 2] * record[r + 2]
        if not 8100 * 8100 <= square <= 8193 * 8193:
            return "the calibration's axes are not of unit length"
    if max([abs(v) for v in record[21:26]]) > 1 << 23 or max([abs(v) for v in record]) > 1 << 26:
        return "the calibration's bias, flex map or another number is out of range"
    return ""


def refused(reason, side, squats):
    """The calibration record of a refusal."""
    return [reason, 0, side] + [0] * 28 + [squats]


def main_component(c):
    """Unit vector (Q14) of the largest principal axis of a symmetric 3x3, and the share outside it in permille."""
    largest = max(range(3), key=lambda i: (c[i][i], -i))
    p = [16384 if i == largest else 0 for i in range(3)]
    for _ in range(16):
        p = norm14([sum([c[i][j] * p[j] for j in range(3)]) for i in range(3)])
    trace = c[0][0] + c[1][1] + c[2][2]
    along = sum([p[i] * c[i][j] * p[j] for i in range(3) for j in range(3)]) >> 28
    return p, (trace - along) * 1000 // max(trace, 1)


def frame(y, up):
    """Rows x, y, z (Q13, 9 integers) of the segment in sensor axes, and z before it was made square to y (Q14)."""
    z0 = norm14(up)
    d = z0[0] * y[0] + z0[1] * y[1] + z0[2] * y[2]
    z = norm14([(z0[c] << 14) - ((d * y[c]) >> 14) for c in range(3)])
    x = [(y[i] * z[j] - y[j] * z[i] + 8192) >> 14 for i, j in ((1, 2), (2, 0), (0, 1))]
    return [(v + 1) >> 1 for v in x + y + z], z0


def _det3(m):
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )


def flex_map(moments, y_shank, y_thigh):
    """Quadratic map mV -> U by least squares: (a, b_q8, c_q16, rms_u), or None if the flex sensor did not follow the squats."""
    s = y_shank + [-v for v in y_thigh]
    k = [[moments[p][q] for q in (6, 7, 8)] for p in (6, 7, 8)]
    t = [sum([moments[c][q] * s[c] for c in range(6)]) for q in (6, 7, 8)]
    det = _det3(k)
    n, sm, smm = k[0][0], k[0][1], k[1][1]
    if det <= 0 or (n * smm - sm * sm) // (n * n) < 400:
        return None
    dets = []
    for i in range(3):
        dets.append(_det3([[t[r] if c == i else k[r][c] for c in range(3)] for r in range(3)]))
    scale = det << 14
    a, b, c = dets[0] * 32 // scale, dets[1] * 8192 // scale, dets[2] * 2097152 // scale
    if abs(b) + ((abs(c) * 1500) >> 8) > 700000 or abs(a) > 1 << 26:
        return None
    power = sum([s[p] * moments[p][q] * s[q] for p in range(6) for q in range(6)])
    ss = power - sum([dets[i] * t[i] for i in range(3)]) // det
    return a, b, c, isqrt(max(ss, 0) // n) >> 9


def fit(sums, side):
    """Calibration record from `donning.Sums`, or the record of a refusal."""
    y_s, off_s = main_component(sums.rates(0))
    y_t, off_t = main_component(sums.rates(1))
    moments = sums.moments()
    if sum([y_s[c] * moments[6][c] for c in range(3)]) < 0:
        y_s = [-v for v in y_s]
    if sum([y_t[c] * moments[6][3 + c] for c in range(3)]) > 0:
        y_t = [-v for v in y_t]
    rows_s, z0_s = frame(y_s, sums.up[0:3])
    rows_t, z0_t = frame(y_t, sums.up[3:6])
    reason = _objection(max(off_s, off_t), z0_s, z0_t, y_s, y_t)
    if reason:
        return refused(reason, side, sums.good)
    mv0, a, b, c, rms_u, has_flex = _flex(sums, moments, y_s, y_t)
    quality = 100 - max(off_s, off_t) - mdeg(rms_u) // 100 - 5 * sums.shallow - (0 if has_flex else 20)
    biases = _biases(rows_s, rows_t, sums.bias16)
    return [OK, max(0, quality), side] + rows_s + rows_t + biases + [mv0, a, b, c, has_flex, sums.good]


def _objection(off_permille, z0_s, z0_t, y_s, y_t):
    if off_permille > 100:
        return AXES_UNCLEAR
    if z0_s[2] < _MIN_COS or z0_t[2] < _MIN_COS:
        return UPSIDE_DOWN
    if y_s[1] < _MIN_COS or y_t[1] < _MIN_COS:
        return SWAPPED
    return OK


def _flex(sums, moments, y_s, y_t):
    found = flex_map(moments, y_s, y_t) if sums.has_flex else None
    if found is None:
        return sums.mv0, 0, 0, 0, 0, 0
    a, b, c, rms_u = found
    if mdeg(rms_u) > 8000:
        return sums.mv0, 0, 0, 0, rms_u, 0
    return sums.mv0, a, b, c, rms_u, 1


def _biases(rows_s, rows_t, bias16):
    """Bias of the five rates shank x y, thigh x y z: LSB in Q13."""
    picks = ((rows_s, 0, 0), (rows_s, 3, 0), (rows_t, 0, 3), (rows_t, 3, 3), (rows_t, 6, 3))
    return [sum([rows[r + c] * bias16[b + c] for c in range(3)]) >> 4 for rows, r, b in picks]
