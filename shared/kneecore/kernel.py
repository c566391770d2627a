"""The per-sample kernel: rates, prefix sums, gait events (docs/detector.md §4). One viper call a batch.

Range proof (every intermediate inside +-2^30): a Q13 row has length <= 8193, so |sum of |r|| <= 14192;
an offset-binary sample u is 0 ... 65535, so dot(r, u) is within +-14192*65535 = 9.4e8 and the folded constant
bias + 32768*sum(r) - 4096 within +-4.7e8 of the same sign as the part of the dot it cancels; rates are within +-57,000 LSB;
cos*tx - sin*tz within 16385*sqrt(2)*... <= 56756*16385 + 8192 = 9.4e8; prefix sums are masked to 29 bits before they are stored.
tests/kneecore/test_ranges.py drives the text with an integer that raises beyond 31 bits.
"""

from array import array

from .compat import const, micropython, ptr16, ptr32
from .saved import words

SAMPLES = const(512)  # of history (2.46 s)
COLUMNS = const(6)  # words of history a sample:
H_A, H_T, H_Z, H_FR, H_AZ, H_B = range(6)  # A, theta, Z, B wrapped; flexion rate and axial acceleration + H_BIAS
H_BIAS = const(0x100000)
_BIAS = const(0x10000000)  # signed words are stored with it added, so that ptr32 loads agree on 32 and 64 bit

# coefficient words: 21 row entries, 5 rate constants, axial accel and axial rate constants, arm
C_WORDS = const(29)
# state words
S_K, S_G, S_A, S_Z, S_B, S_MODE, S_RUN, S_ZC, S_IC, S_EXT, S_JERK, S_CLIP, S_CLIPS, S_WARM, S_EVENTS = range(15)
S_EVENT0 = const(
    15
)  # then per completed stance: ic, to, jerk + H_BIAS, last clipped sample so far + 2^28, clipped so far
EVENT_WORDS = const(5)
MAX_EVENTS = const(4)  # from one stance's end to the next's are at least 27 samples; a batch may emit 96
S_WORDS = const(35)


@micropython.viper
def step(samples: ptr16, n: int, off: int, co: ptr32, st: ptr32, history: ptr32, table: ptr16):
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
    axial = st[3]
    front = st[4]
    mode = st[5]
    run = st[6]
    zc = st[7]
    ic = st[8]
    ext = st[9]
    clip = st[11] - b
    clips = st[12]
    warm = st[13]
    events = 0
    p = 0
    for _ in range(n):
        u0 = samples[p]
        u1 = samples[p + 1]
        u2 = samples[p + 2]
        v0 = samples[p + 6]
        v1 = samples[p + 7]
        v2 = samples[p + 8]
        sx = (a0 * u0 + a1 * u1 + a2 * u2 - ka) >> 13
        sy = (b0 * u0 + b1 * u1 + b2 * u2 - kb) >> 13
        sz = (g0 * u0 + g1 * u1 + g2 * u2 - kg) >> 13
        tx = (d0 * v0 + d1 * v1 + d2 * v2 - kd) >> 13
        ty = (e0 * v0 + e1 * v1 + e2 * v2 - ke) >> 13
        tz = (f0 * v0 + f1 * v1 + f2 * v2 - kf) >> 13
        if (
            ((u0 + 68) & 0xFFFF) <= 136
            or ((u1 + 68) & 0xFFFF) <= 136
            or ((u2 + 68) & 0xFFFF) <= 136
            or ((v0 + 68) & 0xFFFF) <= 136
            or ((v1 + 68) & 0xFFFF) <= 136
            or ((v2 + 68) & 0xFFFF) <= 136
        ):
            clip = k
            clips += 1
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
        front = (front + sx) & 0x1FFFFFFF
        at = (k & 511) * 6
        history[at] = abd
        history[at + 1] = theta
        history[at + 2] = axial
        history[at + 3] = fr + 0x100000
        history[at + 4] = ((z0 * samples[p + 3] + z1 * samples[p + 4] + z2 * samples[p + 5] - kz) >> 13) + 0x100000
        history[at + 5] = front
        p += 12
        if warm > 0:
            warm -= 1
        else:
            run += 1
            if sy >= arm:
                run = 0
            if mode == 0:
                if run >= 25:
                    mode = 1
            elif mode == 1:
                if sy >= 0:
                    mode = 2
                    zc = k
            elif mode == 2:
                if k == zc + 19:
                    best = -0x100000
                    for q in range(zc - 3, zc + 20):
                        jz = history[(q & 511) * 6 + 4] - history[((q - 1) & 511) * 6 + 4]
                        if jz > best:
                            best = jz
                            ic = q - 1
                    st[10] = best + 0x100000
                    mode = 3
                    ext = 0
            elif run == 20:
                mode = 0
            elif k >= ic + 20 and k >= zc + 20:
                if k - ic > 104:
                    mode = 0
                elif fr < 0:
                    ext = 1
                elif ext == 1 and fr >= 1429:
                    mode = 0
                    if events < 4:
                        q = 15 + events * 5
                        st[q] = ic
                        st[q + 1] = k - 5
                        st[q + 2] = st[10]
                        st[q + 3] = clip + b
                        st[q + 4] = clips
                        events += 1
        k += 1
    st[0] = k
    st[1] = g
    st[2] = abd
    st[3] = axial
    st[4] = front
    st[5] = mode
    st[6] = run
    st[7] = zc
    st[8] = ic
    st[9] = ext
    st[11] = clip + b
    st[12] = clips
    st[13] = warm
    st[14] = events


# of the calibration record: first word of each row, the word its constant goes to, its bias (-1: none), whether the side turns it
_ROWS = ((3, 18, 0, 1), (6, 19, 1, 0), (9, 23, -1, 0), (12, 20, 2, 1), (15, 21, 3, 0), (18, 22, 4, 1))


def coefficients(cal, arm_dps):
    """Kernel words (array('i')) from the calibration record of docs/detector.md §3.5 and the arming rate in dps."""
    words = array("i", bytearray(4 * C_WORDS))
    for r, (row, _, _, turned) in enumerate(_ROWS):
        for c in range(3):
            words[3 * r + c] = (cal[2] if turned else 1) * cal[row + c] + _BIAS
    total = 0
    for c in range(3):
        words[25 + c] = cal[2] * cal[9 + c] + _BIAS
        total += cal[2] * cal[9 + c]
    words[28] = 32768 * total - 4096 + 0x20000000
    words[24] = -(arm_dps * 100) // 7 + _BIAS
    set_biases(words, cal, cal[21:26])
    return words


def set_biases(words, cal, bias):
    """Put five biases (docs/detector.md §3.5: sx, sy, tx, ty, tz in LSB, Q13) into the kernel words. Allocates nothing."""
    for row, at, which, turned in _ROWS:
        total = cal[row] + cal[row + 1] + cal[row + 2]
        b = bias[which] if which >= 0 else 0
        if turned and cal[2] < 0:
            total, b = -total, -b
        words[at] = b + 32768 * total - 4096 + 0x20000000


def fresh_state(k0):
    """Kernel state (array('i')) before sample k0."""
    st = array("i", bytearray(4 * S_WORDS))
    restart(st, k0)
    return st


def restart(st, k0):
    """Begin anew before sample k0. Allocates nothing."""
    for i in range(S_WORDS):
        st[i] = 0
    st[S_K] = k0
    st[S_CLIP] = k0 - 1000 + _BIAS
    st[S_WARM] = 16


def state(c, st, history, gate):
    """Pass the kernel's state and what is still needed of its history through a Saver or Loader (saved.py)."""
    words(c, st, S_EVENTS)
    k, mode = st[S_K], st[S_MODE]
    next_ic = st[S_IC] if mode == 3 else (st[S_ZC] if mode == 2 else k) - 4  # the earliest contact still to come
    far = gate.oldest(next_ic) - 4
    for column in (H_A, H_T, H_Z):
        c.column32(history, COLUMNS, SAMPLES - 1, column, far, k)
    for column in (H_FR, H_AZ, H_B):
        c.column32(history, COLUMNS, SAMPLES - 1, column, next_ic - 4, k)
