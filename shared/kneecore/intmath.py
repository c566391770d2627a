"""Small integer helpers for code that runs once a batch, once a stride or at rest."""

HALF_WRAP = 1 << 28
WRAP_MASK = (1 << 29) - 1


def clamp(v, lo, hi):
    """v limited to lo ... hi."""
    return lo if v < lo else hi if v > hi else v


def isqrt(n):
    """Largest integer whose square is <= n (n >= 0), by Newton's iteration from above."""
    if n < 2:
        return n
    x = 1
    while x * x <= n:
        x <<= 1
    while True:
        y = (x + n // x) >> 1
        if y >= x:
            return x
        x = y


def wrapped(u):
    """An angle in U kept modulo 2^29 (docs/detector.md §1)."""
    return u & WRAP_MASK


def signed(u):
    """The difference of two wrapped angles, read back as -2^28 ... 2^28-1 U."""
    return ((u & WRAP_MASK) ^ HALF_WRAP) - HALF_WRAP


def mdeg(u):
    """Angle in U (35/104 mdeg) to millidegrees, rounded; |u| is limited to 2^24 so that the product fits 31 bits."""
    return (clamp(u, -0x1000000, 0x1000000) * 35 + 52) // 104


def sort(a, n):
    """Insertion sort of the first n values in place: a few values, once a donning, without allocating."""
    for i in range(1, n):
        v, j = a[i], i
        while j and a[j - 1] > v:
            a[j] = a[j - 1]
            j -= 1
        a[j] = v


def median(a, n):
    """Median of n >= 1 sorted values; the floor of the middle two's mean for an even count."""
    return a[n // 2] if n & 1 else (a[n // 2 - 1] + a[n // 2]) // 2


def norm14(v):
    """Integer 3-vector to unit length in Q14 (docs/detector.md §3.4); a zero vector stays zero."""
    length = isqrt((v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) << 28)
    if not length:
        return [0, 0, 0]
    return [(c << 28) // length for c in v]
