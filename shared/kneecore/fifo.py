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
    at = -7
    while n:
        n -= 1
        at += 7
        tag = words[at] >> 3
        dst = m * 12
        if tag == 2 and have_gyro:
            dst += 6
            have_gyro = 0
            m += 1
        elif tag == 1:
            have_gyro = 1
        else:
            continue
        out[dst] = words[at + 1]
        out[dst + 1] = words[at + 2]
        out[dst + 2] = words[at + 3]
        out[dst + 3] = words[at + 4]
        out[dst + 4] = words[at + 5]
        out[dst + 5] = words[at + 6]
    return m
