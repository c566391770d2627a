"""From the FIFO words of an LSM6DSO(X) to samples (tag byte, then three int16, little endian)."""

from .compat import const, micropython, ptr8

WORD = const(7)  # bytes
SAMPLE = const(12)  # bytes: gyro xyz, accel xyz


@micropython.viper
def decode(words: ptr8, n: int, out: ptr8) -> int:
    """n words to whole samples of 6 int16 in `out`; returns their number.

    A sample is a gyro word (tag 1) followed by its accel word (tag 2); a word without its partner, or with another tag, is left out.
    """
    m = 0
    have_gyro = 0
    at = 0
    for _ in range(n):
        tag = words[at] >> 3
        dst = m * 12
        if tag == 1:
            for c in range(6):
                out[dst + c] = words[at + 1 + c]
            have_gyro = 1
        elif tag == 2 and have_gyro:
            for c in range(6):
                out[dst + 6 + c] = words[at + 1 + c]
            have_gyro = 0
            m += 1
        at += 7
    return m
