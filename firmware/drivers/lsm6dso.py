"""LSM6DSO and LSM6DSOX: 208 Hz, +-2000 dps, +-16 g, samples through the FIFO (ST datasheet DS12140 and application note AN5192).

imu = Lsm6dso(i2c, 0x6A, time)
imu.configure()                      # OSError if the chip is missing or keeps other settings than it was told
imu.start()
n = imu.available()                  # samples waiting
words = imu.read(n)                  # 14 bytes a sample: a gyro and an accel word; kneecore.fifo decodes them
"""

from micropython import const

_FIFO_CTRL3 = const(0x09)
_FIFO_CTRL4 = const(0x0A)
_WHO_AM_I = const(0x0F)
_CTRL1_XL = const(0x10)
_CTRL2_G = const(0x11)
_CTRL3_C = const(0x12)
_CTRL4_C = const(0x13)
_CTRL6_C = const(0x15)
_CTRL8_XL = const(0x17)
_FIFO_STATUS1 = const(0x3A)
_FIFO_DATA_OUT_TAG = const(0x78)

_ID = const(0x6C)
_SW_RESET = const(0x01)
_FIFO_BYPASS = const(0x00)
_FIFO_CONTINUOUS = const(0x06)
_OVERRUN = const(0x48)  # FIFO_OVR_IA and FIFO_OVR_LATCHED
_WORD = const(7)
_TAG_ACCEL = const(2)

MAX_SAMPLES = const(16)  # per read: what a batch brings, and as much again to catch up three batches at a time

# register, value: written in this order and read back
_INIT = (
    (_CTRL3_C, 0x44),  # block data update, address auto-increment
    (_CTRL1_XL, 0x56),  # accel 208 Hz, +-16 g, second low-pass on
    (_CTRL8_XL, 0x00),  # accel low-pass at ODR/4 = 52 Hz
    (_CTRL2_G, 0x5C),  # gyro 208 Hz, +-2000 dps
    (_CTRL4_C, 0x02),  # gyro low-pass on
    (_CTRL6_C, 0x02),  # ... at 67 Hz
    (_FIFO_CTRL3, 0x55),  # both into the FIFO at 208 Hz
    (_FIFO_CTRL4, _FIFO_BYPASS),
)


# of all chips together: what one has given is decoded before the next is asked, and every view costs 32 bytes of heap
_buffer = memoryview(bytearray(_WORD * (2 * MAX_SAMPLES + 1)))
_views = [_buffer[: _WORD * n] for n in range(2 * MAX_SAMPLES + 2)]


class Lsm6dso:
    """One chip on an I2C bus. Every transfer may raise OSError. After `__init__` nothing is allocated by `available` and `read`."""

    def __init__(self, i2c, address, clock):
        self._i2c = i2c
        self._address = address
        self._clock = clock
        self._one = bytearray(1)
        self._status = bytearray(2)
        self._last_word = bytearray(_WORD)
        self.overrun = False

    def _write(self, register, value):
        self._one[0] = value
        self._i2c.writeto_mem(self._address, register, self._one)

    def _read(self, register):
        self._i2c.readfrom_mem_into(self._address, register, self._one)
        return self._one[0]

    def configure(self):
        """Reset the chip and set it up; raises OSError if it is no LSM6DSO(X) or does not keep what it was told."""
        found = self._read(_WHO_AM_I)
        if found != _ID:
            raise OSError("IMU at 0x{:02x}: WHO_AM_I is 0x{:02x}, not 0x6c".format(self._address, found))
        self._write(_CTRL3_C, _SW_RESET)
        self._clock.sleep_ms(1)  # the reset takes 50 us
        for register, value in _INIT:
            self._write(register, value)
        for register, value in _INIT:
            found = self._read(register)
            if found != value:
                raise OSError(
                    "IMU at 0x{:02x}: register 0x{:02x} reads 0x{:02x}, not 0x{:02x}".format(
                        self._address, register, found, value
                    )
                )

    def start(self):
        """Empty the FIFO and let samples flow into it."""
        self.overrun = False
        self._write(_FIFO_CTRL4, _FIFO_BYPASS)
        self._write(_FIFO_CTRL4, _FIFO_CONTINUOUS)

    def stop(self):
        """FIFO off, gyro and accelerometer powered down."""
        self._write(_FIFO_CTRL4, _FIFO_BYPASS)
        self._write(_CTRL1_XL, 0)
        self._write(_CTRL2_G, 0)

    def available(self):
        """Whole samples waiting in the FIFO (it holds 256, 1.2 s); `overrun` becomes True if older ones were overwritten."""
        s = self._status
        self._i2c.readfrom_mem_into(self._address, _FIFO_STATUS1, s)
        if s[1] & _OVERRUN:
            self.overrun = True
        return (s[0] | ((s[1] & 3) << 8)) >> 1

    def read(self, n):
        """The oldest n samples (0 ... 16) as FIFO words: a memoryview, valid until the next read of any chip.

        14*n bytes; 7 more where the FIFO began with an accel word whose gyro word is lost: then the pairs are completed by one
        word more, so that the next read starts with a gyro word again.
        """
        words = _views[2 * n]
        if not n:
            return words
        self._i2c.readfrom_mem_into(self._address, _FIFO_DATA_OUT_TAG, words)
        if words[0] >> 3 != _TAG_ACCEL:
            return words
        last, at = self._last_word, 2 * _WORD * n
        self._i2c.readfrom_mem_into(self._address, _FIFO_DATA_OUT_TAG, last)
        for i in range(_WORD):
            _buffer[at + i] = last[i]
        return _views[2 * n + 1]
