"""The per-sample kernel: rates, prefix sums, gait events (docs/detector.md §4). One viper call a batch.

Range proof (every intermediate inside +-2^30): a Q13 row has length <= 8193, so |sum of |r|| <= 14192;
an offset-binary sample u is 0 ... 65535, so dot(r, u) is within +-14192*65535 = 9.4e8 and the folded constant
bias + 32768*sum(r) - 4096 within +-4.7e8 of the same sign as the part of the dot it cancels; rates are within +-57,000 LSB;
cos*tx - sin*tz within 16385*sqrt(2)*... <= 56756*16385 + 8192 = 9.4e8; prefix sums are masked to 29 bits before they are stored.
tests/kneecore/test_ranges.py drives the text with an integer that raises beyond 31 bits.
"""

from array import array

from .compat import const, micropython, ptr16, ptr32

RING = const(512)  # samples of history (2.46 s)
RING_MASK = const(511)
JERK_BIAS = const(0x100000)
_BIAS = const(0x10000000)  # signed words are stored with it added, so that ptr32 loads agree on 32 and 64 bit

# coefficient words: 21 row entries, 5 rate constants, axial accel and axial rate constants, arm
C_WORDS = const(29)
# state words
S_K, S_G, S_A, S_AZ, S_MODE, S_ZC, S_IC, S_EXT, S_JERK, S_CLIP, S_WARM, S_EVENTS = range(12)
S_EVENT0 = const(12)  # then per completed stride: ic, to, jerk + JERK_BIAS, last clipped sample so far + 2^28
S_AXIAL = const(32)
S_WORDS = const(33)
MAX_EVENTS = const(5)  # a stride takes at least 22 samples of the 96 that a batch may emit


@micropython.viper
def step(
    samples: ptr16,
    n: int,
    off: int,
    co: ptr32,
    st: ptr32,
    a_ring: ptr32,
    t_ring: ptr32,
    j_ring: ptr32,
    z_ring: ptr32,
    f_ring: ptr32,
    table: ptr16,
):
    """Run n aligned samples (offset binary, 12 channels) through the kernel; off is the wrapped flexion offset of the batch."""
    b = 0x10000000
    # shank x, y (gyro), z (accel); thigh x, y, z (gyro); shank z (gyro), Q13
    a0 = co[0] - b
    a1 = co[1] - b
    a2 = co[2] - b
    b0 = co[3] - b
    b1 = co[4] - b
    b2 = co[5] - b
    z0 = co[6] - b
    z1 = co[7] - b
    z2 = co[8] - b
    d0 = co[9] - b
    d1 = co[10] - b
    d2 = co[11] - b
    e0 = co[12] - b
    e1 = co[13] - b
    e2 = co[14] - b
    f0 = co[15] - b
    f1 = co[16] - b
    f2 = co[17] - b
    g0 = co[25] - b
    g1 = co[26] - b
    g2 = co[27] - b
    kg = co[28] - 0x20000000
    ka = co[18] - 0x20000000
    kb = co[19] - 0x20000000
    kd = co[20] - 0x20000000
    ke = co[21] - 0x20000000
    kf = co[22] - 0x20000000
    kz = co[23] - 0x20000000
    arm = co[24] - b
    k = st[0]
    g = st[1]
    abd = st[2]
    axial = st[32]
    az = st[3] - b
    mode = st[4]
    zc = st[5]
    ic = st[6]
    ext = st[7]
    clip = st[9] - b
    warm = st[10]
    events = 0
    p = 0
    for _ in range(n):
        u0 = samples[p]
        u1 = samples[p + 1]
        u2 = samples[p + 2]
        sx = (a0 * u0 + a1 * u1 + a2 * u2 - ka) >> 13
        sy = (b0 * u0 + b1 * u1 + b2 * u2 - kb) >> 13
        sz = (g0 * u0 + g1 * u1 + g2 * u2 - kg) >> 13
        if ((u0 + 68) & 0xFFFF) <= 136 or ((u1 + 68) & 0xFFFF) <= 136 or ((u2 + 68) & 0xFFFF) <= 136:
            clip = k
        u0 = samples[p + 6]
        u1 = samples[p + 7]
        u2 = samples[p + 8]
        tx = (d0 * u0 + d1 * u1 + d2 * u2 - kd) >> 13
        ty = (e0 * u0 + e1 * u1 + e2 * u2 - ke) >> 13
        tz = (f0 * u0 + f1 * u1 + f2 * u2 - kf) >> 13
        if ((u0 + 68) & 0xFFFF) <= 136 or ((u1 + 68) & 0xFFFF) <= 136 or ((u2 + 68) & 0xFFFF) <= 136:
            clip = k
        fr = sy - ty
        g = (g + fr) & 0x1FFFFFFF
        theta = (g + off) & 0x1FFFFFFF
        i = ((theta ^ 0x10000000) - 0x10000000 + 512) >> 10
        if i < -87:
            i = -87
        if i > 435:
            i = 435
        i = 2 * (i + 87)
        cos = table[i] - 32768
        sin = table[i + 1] - 32768
        abd = (abd + sx - ((cos * tx - sin * tz + 8192) >> 14)) & 0x1FFFFFFF
        axial = (axial + sz - ((sin * tx + cos * tz + 8192) >> 14)) & 0x1FFFFFFF
        zn = (z0 * samples[p + 3] + z1 * samples[p + 4] + z2 * samples[p + 5] - kz) >> 13
        if warm == 16:  # k0: there is no sample before
            az = zn
        jz = zn - az
        az = zn
        at = k & 511
        a_ring[at] = abd
        t_ring[at] = theta
        z_ring[at] = axial
        f_ring[at] = fr + 0x100000
        j_ring[at] = jz + 0x100000
        p += 12
        if warm > 0:
            warm -= 1
        elif mode == 0:
            if sy < arm:
                mode = 1
        elif mode == 1:
            if sy >= 0:
                mode = 2
                zc = k
        elif mode == 2:
            if k == zc + 19:
                best = -1
                for q in range(23):
                    jq = j_ring[(zc - 3 + q) & 511]
                    if jq > best:
                        best = jq
                        ic = zc - 4 + q
                st[8] = best
                mode = 3
                ext = 0
        elif k >= ic + 20 and k >= zc + 20:
            if k - ic > 104:
                mode = 0
            elif fr < 0:
                ext = 1
            elif ext == 1 and fr >= 1429:
                mode = 0
                if events < 5:
                    q = 12 + events * 4
                    st[q] = ic
                    st[q + 1] = k - 5
                    st[q + 2] = st[8]
                    st[q + 3] = clip + b
                    events += 1
        k += 1
    st[0] = k
    st[1] = g
    st[2] = abd
    st[32] = axial
    st[3] = az + b
    st[4] = mode
    st[5] = zc
    st[6] = ic
    st[7] = ext
    st[9] = clip + b
    st[10] = warm
    st[11] = events


def coefficients(cal, arm_dps):
    """Kernel words (array('i')) from the calibration record of docs/detector.md §3.5 and the arming rate in dps."""
    side, shank, thigh, bias = cal[2], cal[3:12], cal[12:21], cal[21:26]
    rows = (
        ([side * c for c in shank[0:3]], side * bias[0]),
        (list(shank[3:6]), bias[1]),
        (list(shank[6:9]), 0),
        ([side * c for c in thigh[0:3]], side * bias[2]),
        (list(thigh[3:6]), bias[3]),
        ([side * c for c in thigh[6:9]], side * bias[4]),
    )
    words = array("i", bytearray(4 * C_WORDS))
    for r, (row, _) in enumerate(rows):
        for c in range(3):
            words[3 * r + c] = row[c] + _BIAS
    for at, r in ((18, 0), (19, 1), (20, 3), (21, 4), (22, 5), (23, 2)):
        row, b = rows[r]
        words[at] = b + 32768 * sum(row) - 4096 + 0x20000000
    z_row = [side * c for c in shank[6:9]]
    for c in range(3):
        words[25 + c] = z_row[c] + _BIAS
    words[28] = 32768 * sum(z_row) - 4096 + 0x20000000
    words[24] = -(arm_dps * 100) // 7 + _BIAS
    return words


def fresh_state(k0):
    """Kernel state (array('i')) before sample k0."""
    st = array("i", bytearray(4 * S_WORDS))
    st[S_K] = k0
    st[S_AZ] = _BIAS
    st[S_CLIP] = k0 - 1000 + _BIAS
    st[S_WARM] = 16
    return st
