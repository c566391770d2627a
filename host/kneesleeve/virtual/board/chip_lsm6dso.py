"""LSM6DSO/LSM6DSOX at register level: identity, control registers and the FIFO in continuous mode.

The words the FIFO gives out come from a file of complete 7-byte words the host made (gyro word,
accelerometer word, 14 bytes a sample at 208 Hz). Sample k lies at k / rate after the motion's
origin and is in the FIFO strictly after that. Samples flow only with both sensors and both batch
rates at 208 Hz (code 5) and FIFO mode 6; full scales are stored, the words are not scaled by them.
"""

import vb_clock as clock

ENODEV = OSError(19)
DEPTH_WORDS = 512
WORD_BYTES = 7

FIFO_CTRL2 = 0x08
FIFO_CTRL3 = 0x09
FIFO_CTRL4 = 0x0A
WHO_AM_I = 0x0F
CTRL1_XL = 0x10
CTRL2_G = 0x11
CTRL3_C = 0x12
FIFO_STATUS1 = 0x3A
FIFO_STATUS2 = 0x3B
FIFO_TAG = 0x78
FIFO_LAST = 0x7E

# Bits that keep what is written; what is not listed reads 0 and ignores writes.
_WRITABLE = {
    0x01: 0xC0, 0x02: 0x40, 0x07: 0xFF, 0x08: 0xD7, 0x09: 0xFF, 0x0A: 0xF7, 0x0B: 0xE7, 0x0C: 0xFF,
    0x0D: 0xFF, 0x0E: 0x7F, 0x10: 0xFE, 0x11: 0xFE, 0x12: 0x7C, 0x13: 0x6E, 0x14: 0xEF, 0x15: 0xFF,
    0x16: 0xF7, 0x17: 0xFD, 0x18: 0xFE, 0x19: 0x20, 0x73: 0xFF, 0x74: 0xFF, 0x75: 0xFF,
}  # fmt: skip
_DEFAULTS = {0x02: 0x3F, CTRL3_C: 0x04, 0x18: 0xE0}
_LATCHED = 0x08  # FIFO_STATUS2: overrun since last read


class Lsm6dso:
    """One chip on the bus. `words` is the open file of its FIFO words, `samples` how many it holds."""

    def __init__(self, words, samples, rate_mhz, who_am_i=0x6C):
        self.regs = bytearray(128)
        self.who_am_i = who_am_i
        self.nack_from_us = clock.FAR_US  # transfers fail in [from, to)
        self.nack_to_us = 0
        self._words = words
        self._end = 2 * samples
        self._rate_mhz = rate_mhz
        self._flowing = False
        self._next = 0  # index of the FIFO's oldest word; the file stands there
        self._latched = 0
        self._word = bytearray(WORD_BYTES)
        self._reset()

    def _reset(self):
        self._stop()
        for reg in range(len(self.regs)):
            self.regs[reg] = _DEFAULTS.get(reg, 0)
        self.regs[WHO_AM_I] = self.who_am_i
        self._latched = 0

    def _stop(self):
        if self._flowing:
            self._flowing = False
            clock.chip_stopped()

    def _measured(self):
        """Words measured since the motion's origin: two for each sample with k / rate < elapsed."""
        elapsed_us = clock.now_us - clock.origin_us
        words = (elapsed_us * self._rate_mhz + 999_999_999) // 1_000_000_000 * 2
        return words if words < self._end else self._end

    def _level(self):
        """Words in the FIFO now (0..512); what does not fit has overwritten the oldest."""
        if not self._flowing:
            return 0
        level = self._measured() - self._next
        if level > DEPTH_WORDS:
            self._skip_to(self._next + level - DEPTH_WORDS)
            self._latched = _LATCHED | 0x40
            return DEPTH_WORDS
        return level

    def _skip_to(self, word):
        self._next = word
        self._words.seek(word * WORD_BYTES)

    def _status2(self, level):
        regs = self.regs
        mark = regs[0x07] | (regs[FIFO_CTRL2] & 1) << 8
        bits = level >> 8 | self._latched
        if level == DEPTH_WORDS:
            bits |= 0x20
        if mark and level >= mark:
            bits |= 0x80
        self._latched = 0
        return bits

    def read_into(self, reg, buf):
        """Fill `buf` from `reg` on, as one I2C read does."""
        size = len(buf)
        if reg == FIFO_TAG and self._flowing and size % WORD_BYTES == 0:
            words = size // WORD_BYTES
            if words <= self._level():
                self._words.readinto(buf)
                self._next += words
                return
        elif reg == FIFO_STATUS1 and size == 2:
            level = self._level()
            buf[0] = level & 0xFF
            buf[1] = self._status2(level)
            return
        for i in range(size):
            buf[i] = self._read_reg(reg)
            reg = FIFO_TAG if reg == FIFO_LAST else reg + 1 & 0x7F

    def _read_reg(self, reg):
        if reg == FIFO_STATUS1:
            return self._level() & 0xFF
        if reg == FIFO_STATUS2:
            return self._status2(self._level())
        if FIFO_TAG <= reg <= FIFO_LAST:
            return self._read_word_byte(reg)
        return self.regs[reg]

    def _read_word_byte(self, reg):
        """One byte of the oldest word; the last one takes the word out. An empty FIFO gives tag 0."""
        if self._level() == 0:
            return 0
        self._words.readinto(self._word)
        self._skip_to(self._next + (reg == FIFO_LAST))
        return self._word[reg - FIFO_TAG]

    def write(self, reg, buf):
        """Write `buf` from `reg` on; a SW_RESET or BOOT bit restores the defaults at once."""
        for value in buf:
            self._write_reg(reg, value)
            reg = reg + 1 & 0x7F

    def _write_reg(self, reg, value):
        if reg == CTRL3_C and value & 0x81:
            self._reset()
        elif reg in _WRITABLE:
            keep = _WRITABLE[reg]
            self.regs[reg] = self.regs[reg] & ~keep | value & keep
            self._follow_mode()

    def _follow_mode(self):
        regs = self.regs
        flowing = (
            regs[FIFO_CTRL4] & 7 == 6
            and regs[FIFO_CTRL3] == 0x55
            and regs[CTRL1_XL] >> 4 == 5
            and regs[CTRL2_G] >> 4 == 5
        )
        if not flowing:
            self._stop()
        elif not self._flowing:
            self._flowing = True
            self._latched = 0
            clock.chip_started()
            self._skip_to(self._measured())
