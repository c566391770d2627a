"""The arithmetic of docs/format.md, Packing, in viper: residuals, the parameter k of each column, the strings of bits.

A column is one channel over the record: 4 of the batch table (one value a batch), 6 of the shank, 6 of the thigh. Its
residuals lie in `u` (zigzag, 16 bit) from its offset on; its state is COLUMN words of `st`, none of them negative.

Range proof (every intermediate inside +-2^30): differences wrap to 16 bit, so a prediction is within 76 * 32768 + 8 and
an error, before it wraps, within 2^18; a record has at most 256 values a column, so the errors summed, halved from record
to record, stay below 2 * 256 * 2^18 = 2^27, and the quotients below 256 * 65535 < 2^24. u * 2^(14 - g) <= 65535 * 2^14 < 2^30
is how a shift by g is written without a variable shift; a remainder below 2^14 goes at most 7 bits up.
tests/kneecore/test_packing_ranges.py drives the text with an integer that raises beyond 31 bits.
"""

from array import array

from .compat import const, micropython, ptr8, ptr16, ptr32

COLUMNS = const(16)
TABLE_COLUMNS = const(4)
MAX_BATCHES = const(32)
MAX_SAMPLES = const(256)  # of one chip in one record
RESIDUALS = const(3200)  # 4 * MAX_BATCHES + 12 * MAX_SAMPLES
PREFIX = const(60)  # bytes: head 12, then a byte and a first value for every column

# words of a column: last value, last three differences + 2^15, predictor in use, errors of the four, first value, offset in
# u, number of residuals that `plan` knows, g, sums of their quotients for k = g, g + 1, g + 2, k
COLUMN = const(17)
C_AT = const(10)
# behind all columns: bits of the string of quotients; batches and samples in the record, the same before the last batch;
# first batch, its ticks, the last one's ticks; 1 if the record must be packed first; then a row of the batch table
UNARY, BATCHES, BEFORE, FIRST, FIRST_TICKS, FULL = 272, 273, 276, 279, 280, 282
STATE_WORDS = const(283)


@micropython.viper
def take(
    batch: int, ticks_us: int, mv: int, shank: ptr16, n_shank: int, thigh: ptr16, n_thigh: int,
    row: ptr16, u: ptr16, st: ptr32,
) -> int:  # fmt: skip
    """Residuals of a batch behind those of the record; returns an upper bound of the payload's length, 0 if it may not join."""
    src = row
    n = 1
    width = 4
    first = 0
    have = st[273]
    step = 20000
    if have:
        step = (ticks_us - st[281]) & 0x3FFFFFFF
        if st[282] or have >= 25 or batch != st[279] + have or step > 52767:
            return 0
        if st[274] + n_shank > 256 or st[275] + n_thigh > 256:
            return 0
    else:
        st[274] = 0
        st[275] = 0
        st[279] = batch
        st[280] = ticks_us
        st[282] = 0
    others = batch & 3  # three batches in four do not compare the predictors: it would cost a quarter more
    row[0] = (step - 20000) & 0xFFFF
    row[1] = mv & 0xFFFF
    row[2] = n_shank
    row[3] = n_thigh
    for c in range(16):
        if c == 4:
            src = shank
            n = n_shank
            width = 6
            have = st[274]
            first = 4
        elif c == 10:
            src = thigh
            n = n_thigh
            have = st[275]
            first = 10
        s = c * 17
        p = st[s + 4]
        a = 36
        b = -30
        e = 10
        if p == 0:
            a = -12
            b = -8
            e = -4
        elif p == 1:
            a = 8
            b = 0
            e = 0
        elif p == 2:
            a = 28
            b = -13
            e = 0
        x = st[s]
        d1 = st[s + 1] - 0x8000
        d2 = st[s + 2] - 0x8000
        d3 = st[s + 3] - 0x8000
        to = st[s + 10] + have - 1
        at = c - first
        end = at + n * width
        if have == 0 and n > 0:  # the first value is stored as it is, and what came before it was equal
            x = src[at]
            st[s + 9] = x & 0xFFFF
            d1 = 0
            d2 = 0
            d3 = 0
            to += 1
            at += width
        while at < end:
            y = src[at]
            d = (((y - x) & 0xFFFF) ^ 0x8000) - 0x8000
            x = y
            v = ((d - ((a * d1 + b * d2 + e * d3 + 8) >> 4)) & 0xFFFF) * 2
            if v > 0xFFFF:
                v = 0x1FFFF - v
            u[to] = v
            to += 1
            if others == 0:
                v = d + ((3 * d1 + 2 * d2 + d3) >> 2)
                if v < 0:
                    v = 0 - v
                st[s + 5] = st[s + 5] + v
                v = d - (d1 >> 1)
                if v < 0:
                    v = 0 - v
                st[s + 6] = st[s + 6] + v
                v = d - ((28 * d1 - 13 * d2) >> 4)
                if v < 0:
                    v = 0 - v
                st[s + 7] = st[s + 7] + v
                v = d - ((36 * d1 - 30 * d2 + 10 * d3) >> 4)
                if v < 0:
                    v = 0 - v
                st[s + 8] = st[s + 8] + v
            d3 = d2
            d2 = d1
            d1 = d
            at += width
        st[s] = x & 0xFFFF
        st[s + 1] = d1 + 0x8000
        st[s + 2] = d2 + 0x8000
        st[s + 3] = d3 + 0x8000
    st[281] = ticks_us
    st[276] = st[273]
    st[277] = st[274]
    st[278] = st[275]
    st[273] = st[273] + 1
    st[274] = st[274] + n_shank
    st[275] = st[275] + n_thigh
    return 62 + 9 * st[273] + 14 * (st[274] + st[275])  # no value takes more than 18 bits


@micropython.viper
def plan(u: ptr16, st: ptr32, powers: ptr16) -> int:
    """Choose k for every column; returns the payload's length in bytes.

    The sums of the quotients at k = g, g + 1, g + 2 are kept from call to call: only what came is added, only what was
    taken back is subtracted. Where they show that k lies outside, g moves and the column is counted anew.
    """
    unary = 0
    rest = 0
    n = st[273]
    for c in range(16):
        if c == 4:
            n = st[274]
        elif c == 10:
            n = st[275]
        s = c * 17
        at = st[s + 10]
        i = at + st[s + 11]
        g = st[s + 12]
        q = st[s + 13]
        half = st[s + 14]
        quarter = st[s + 15]
        end = at
        if n > 0:
            end = at + n - 1
        m = powers[14 - g]
        while i > end:
            i -= 1
            v = (u[i] * m) >> 14
            q -= v
            half -= v >> 1
            quarter -= v >> 2
        n1 = end - at
        moved = 1
        while moved:
            while i < end:
                v = (u[i] * m) >> 14
                q += v
                half += v >> 1
                quarter += v >> 2
                i += 1
            moved = 0
            if quarter > 2 * n1 and g < 12:
                moved = 1
            elif q + q < n1 and g > 0:
                moved = -1
            if moved:
                g += moved
                m = powers[14 - g]
                q = 0
                half = 0
                quarter = 0
                i = at
        st[s + 11] = n1
        st[s + 12] = g
        st[s + 13] = q
        st[s + 14] = half
        st[s + 15] = quarter
        if q - half > n1:
            g += 1
            q = half
            if q - quarter > n1:
                g += 1
                q = quarter
        st[s + 16] = g
        unary += n1 + q
        rest += n1 * g
    st[272] = unary
    return 60 + ((unary + 7) >> 3) + ((rest + 7) >> 3)


@micropython.viper
def put(out: ptr8, at: int, u: ptr16, st: ptr32, powers: ptr16) -> int:
    """What `plan` found, from out[at] on: predictors and k, first values, quotients, remainders. Returns the offset behind."""
    bit = (at + 48) * 8
    to = at + 48 + ((st[272] + 7) >> 3)
    for i in range(at + 48, to):
        out[i] = 0
    bit -= 1
    word = 0
    bits = 0
    for c in range(16):
        s = c * 17
        k = st[s + 16]
        out[at + c] = st[s + 4] * 16 + k
        out[at + 16 + 2 * c] = st[s + 9] & 255
        out[at + 17 + 2 * c] = st[s + 9] >> 8
        m = powers[14 - k]
        mask = powers[k] - 1
        i = st[s + 10]
        end = i + st[s + 11]
        while i < end:
            v = u[i]
            i += 1
            bit += ((v * m) >> 14) + 1
            out[bit >> 3] = out[bit >> 3] | powers[bit & 7]
            word += (v & mask) * powers[bits]
            bits += k
            while bits > 7:
                out[to] = word & 255
                to += 1
                word = word >> 8
                bits -= 8
    if bits:
        out[to] = word
        to += 1
    return to


@micropython.viper
def renew(st: ptr32):
    """Before a record: no residual is known, and every column takes the predictor that erred least, older records counting half."""
    for c in range(16):
        s = c * 17
        best = 2
        for p in range(4):
            if st[s + 5 + p] < st[s + 5 + best]:
                best = p
        st[s + 4] = best
        for p in range(4):
            st[s + 5 + p] = st[s + 5 + p] >> 1
        st[s + 11] = 0
        st[s + 13] = 0
        st[s + 14] = 0
        st[s + 15] = 0


def fresh_state():
    """The words of all columns before the first record."""
    st = array("i", bytearray(4 * STATE_WORDS))
    for c in range(COLUMNS):
        samples_before = MAX_SAMPLES * (c - TABLE_COLUMNS) if c > TABLE_COLUMNS else 0
        st[c * COLUMN + C_AT] = MAX_BATCHES * (c if c < TABLE_COLUMNS else TABLE_COLUMNS) + samples_before
    return st
