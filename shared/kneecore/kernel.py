"""The per-sample kernel: rates, prefix sums, gait events (docs/detector.md §4). One viper call a batch.

Range proof (every intermediate inside +-2^30): a Q13 row has length <= 8193, so |sum of |r|| <= 14192;
an offset-binary sample u is 0 ... 65535, so dot(r, u) is within +-14192*65535 = 9.4e8 and the folded constant
bias + 32768*sum(r) - 4096 within +-4.7e8 of the same sign as the part of the dot it cancels; rates are within +-57,000 LSB;
cos*tx - sin*tz within 16385*sqrt(2)*... <= 56756*16385 + 8192 = 9.4e8; prefix sums are masked to 29 bits before they are stored.
The thigh's x and y are computed negated (same bounds, the constant 8191 larger); theta + 89600 stays below 2^29 + 2^17.
tests/kneecore/test_ranges.py drives the text with an integer that raises beyond 31 bits.
"""

from array import array

from .compat import const, micropython, ptr16, ptr32

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
def step(samples: ptr16, u: int, i: int, co: ptr32, st: ptr32, history: ptr32, table: ptr16):
    """Run u aligned samples (offset binary, 12 channels) through the kernel; i is the wrapped flexion offset of the batch.

    Viper keeps the first two or three locals in registers, arguments first: so count and offset arrive under the names of
    the two busiest locals. What is computed stands left of what is only loaded, as viper spills a result that waits.
    """
    n = u  # u: from here on the channel at hand, i: an index
    off = i
    # rates' rows (Q13), by sensor channel: shank x, y, z and the axial acceleration; thigh x and y negated, z
    a0 = co[0] - 0x10000000
    a1 = co[1] - 0x10000000
    a2 = co[2] - 0x10000000
    b0 = co[3] - 0x10000000
    b1 = co[4] - 0x10000000
    b2 = co[5] - 0x10000000
    c0 = co[25] - 0x10000000
    c1 = co[26] - 0x10000000
    c2 = co[27] - 0x10000000
    z0 = co[6] - 0x10000000
    z1 = co[7] - 0x10000000
    z2 = co[8] - 0x10000000
    d0 = 0x10000000 - co[9]
    d1 = 0x10000000 - co[10]
    d2 = 0x10000000 - co[11]
    e0 = 0x10000000 - co[12]
    e1 = 0x10000000 - co[13]
    e2 = 0x10000000 - co[14]
    f0 = co[15] - 0x10000000
    f1 = co[16] - 0x10000000
    f2 = co[17] - 0x10000000
    # their constants; -(x >> 13) is (8191 - x) >> 13
    ka = co[18] - 0x20000000
    kb = co[19] - 0x20000000
    kc = co[28] - 0x20000000
    kz = co[23] - 0x20000000
    kd = co[20] - 0x1FFFE001
    ke = co[21] - 0x1FFFE001
    kf = co[22] - 0x20000000
    arm = co[24] - 0x10000000
    k = st[0]
    theta = (st[1] + off) & 0x1FFFFFFF
    abd = st[2]
    axial = st[3]
    front = st[4]
    mode = st[5]
    run = st[6]
    zc = st[7]
    ic = st[8]
    ext = st[9]
    clip = st[11] - 0x10000000
    clips = st[12]
    warm = st[13]
    events = 0
    p = 0
    while n:
        u = samples[p]
        calm = 16384 + u  # bit 15 stays set while every gyro channel is within half of its range
        sx = a0 * u
        sy = b0 * u
        sz = c0 * u
        u = samples[p + 1]
        calm = (16384 + u) & calm
        sx = a1 * u + sx
        sy = b1 * u + sy
        sz = c1 * u + sz
        u = samples[p + 2]
        calm = (16384 + u) & calm
        sx = (a2 * u + sx - ka) >> 13
        sy = (b2 * u + sy - kb) >> 13
        sz = (c2 * u + sz - kc) >> 13
        u = samples[p + 3]
        az = z0 * u
        u = samples[p + 4]
        az = z1 * u + az
        u = samples[p + 5]
        az = (z2 * u + az - kz) >> 13
        u = samples[p + 6]
        calm = (16384 + u) & calm
        tx = d0 * u
        ty = e0 * u
        tz = f0 * u
        u = samples[p + 7]
        calm = (16384 + u) & calm
        tx = d1 * u + tx
        ty = e1 * u + ty
        tz = f1 * u + tz
        u = samples[p + 8]
        calm = (16384 + u) & calm
        tx = (d2 * u + tx + kd) >> 13  # -tx
        fr = ((e2 * u + ty + ke) >> 13) + sy
        tz = (f2 * u + tz - kf) >> 13

        if not calm & 0x8000:  # a gyro channel beyond half of its range: is one clipped?
            if (
                ((samples[p] + 68) & 0xFFFF) <= 136
                or ((samples[p + 1] + 68) & 0xFFFF) <= 136
                or ((samples[p + 2] + 68) & 0xFFFF) <= 136
                or ((samples[p + 6] + 68) & 0xFFFF) <= 136
                or ((samples[p + 7] + 68) & 0xFFFF) <= 136
                or ((samples[p + 8] + 68) & 0xFFFF) <= 136
            ):
                clip = k
                clips += 1

        theta = (fr + theta) & 0x1FFFFFFF
        i = ((theta + 89600) >> 9) & 0xFFFFE  # of the pair of cos and sin, modulo 2^29 U
        if i > 1044:
            i = 0
            if theta < 0x10000000:
                i = 1044
        u = table[i] - 32768  # cos
        cx = u * tx
        cz = u * tz
        u = table[i + 1] - 32768  # sin
        abd = (((u * tz + cx + 8191) >> 14) + sx + abd) & 0x1FFFFFFF  # -(x >> 14) is (16383 - x) >> 14
        axial = (((u * tx - cz + 8191) >> 14) + sz + axial) & 0x1FFFFFFF
        front = (sx + front) & 0x1FFFFFFF
        i = (k & 511) * 6
        history[i] = abd
        history[i + 1] = theta
        history[i + 2] = axial
        history[i + 3] = fr + 0x100000
        history[i + 4] = az + 0x100000
        history[i + 5] = front
        p += 12
        n -= 1

        if warm:
            warm -= 1
        else:
            if sy < arm:
                run += 1
            else:
                run = 0
            if not mode:
                if run >= 25:
                    mode = 1
            elif mode == 1:
                if sy >= 0:
                    mode = 2
                    zc = k
            elif mode == 2:
                if k == zc + 19:
                    best = -0x100000
                    u = history[((zc - 4) & 511) * 6 + 4]
                    for q in range(zc - 3, zc + 20):
                        i = history[(q & 511) * 6 + 4]
                        if i - u > best:
                            best = i - u
                            ic = q - 1
                        u = i
                    st[10] = best + 0x100000
                    mode = 3
                    ext = 0
            elif run == 20:
                mode = 0
            elif k >= ic + 20:  # and k >= zc + 20 in this mode
                if k - ic > 104:
                    mode = 0
                elif fr < 0:
                    ext = 1
                elif ext:
                    if fr >= 1429:
                        mode = 0
                        if events < 4:
                            i = 15 + events * 5
                            st[i] = ic
                            st[i + 1] = k - 5
                            st[i + 2] = st[10]
                            st[i + 3] = clip + 0x10000000
                            st[i + 4] = clips
                            events += 1
        k += 1
    st[0] = k
    st[1] = (theta - off) & 0x1FFFFFFF
    st[2] = abd
    st[3] = axial
    st[4] = front
    st[5] = mode
    st[6] = run
    st[7] = zc
    st[8] = ic
    st[9] = ext
    st[11] = clip + 0x10000000
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


_FAR, _NEAR = (H_A, H_T, H_Z), (H_FR, H_AZ, H_B)  # made once: a tuple of names is an allocation


def state(c, st, history, gate):
    """Pass the kernel's state and what is still needed of its history through a Saver or Loader (saved.py)."""
    c.words(st, S_EVENTS)
    k, mode = st[S_K], st[S_MODE]
    next_ic = st[S_IC] if mode == 3 else (st[S_ZC] if mode == 2 else k) - 4  # the earliest contact still to come
    far = gate.oldest(next_ic) - 4
    for column in _FAR:
        c.column32(history, COLUMNS, SAMPLES - 1, column, far, k)
    for column in _NEAR:
        c.column32(history, COLUMNS, SAMPLES - 1, column, next_ic - 4, k)
