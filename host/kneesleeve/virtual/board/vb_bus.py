"""I2C bus 0 with the two IMUs, and the ADC with the flex divider and the battery."""

import vb_board as board
import vb_clock as clock
from chip_lsm6dso import ENODEV


class I2C:
    """Controller of a bus; wire time (9 bits a byte) is charged to the virtual clock if the scenario says so."""

    def __init__(self, id=-1, *, scl=None, sda=None, freq=400_000, timeout=50_000):
        self._chips = board.chips if id in (0, -1) else {}
        self._byte_ns = 9_000_000_000 // freq if board.charge_bus else 0

    def _charge(self, size):
        if self._byte_ns:
            clock.advance(size * self._byte_ns // 1000)

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        # The hot path: `_answering` is written out, a call costs as much as the look-up.
        if clock.wall:
            clock.refresh()
        chip = self._chips.get(addr)
        if chip is None or chip.nack_from_us <= clock.now_us < chip.nack_to_us:
            self._charge(1)
            raise ENODEV
        chip.read_into(memaddr, buf)
        if self._byte_ns:
            clock.advance((len(buf) + 3) * self._byte_ns // 1000)

    def readfrom_mem(self, addr, memaddr, nbytes, *, addrsize=8):
        buf = bytearray(nbytes)
        self.readfrom_mem_into(addr, memaddr, buf)
        return bytes(buf)

    def writeto_mem(self, addr, memaddr, buf, *, addrsize=8):
        chip = self._answering(addr)
        self._charge(len(buf) + 2)
        chip.write(memaddr, buf)

    def scan(self):
        found = []
        for addr in sorted(self._chips):
            try:
                self._answering(addr)
                found.append(addr)
            except OSError:
                pass
        return found

    def _answering(self, addr):
        if clock.wall:
            clock.refresh()
        chip = self._chips.get(addr)
        if chip is None or chip.nack_from_us <= clock.now_us < chip.nack_to_us:
            self._charge(1)
            raise ENODEV
        return chip


SoftI2C = I2C


class ADC:
    """A pin's voltage. Flex: the sample last measured; battery: the scenario's constant; other pins 0."""

    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3

    def __init__(self, pin, *, atten=3):
        self._flex = board.flex if board.pin_number(pin) == board.flex_pin else None
        self._mv = board.battery_mv if board.pin_number(pin) == board.battery_pin else 0

    def atten(self, attenuation):
        pass

    def read_uv(self):
        """Calibrated microvolts."""
        return (self._flex.read_mv() if self._flex else self._mv) * 1000

    def read_u16(self):
        return min(self.read_uv() * 65535 // 3_300_000, 65535)


class Flex:
    """The flex divider: int16 millivolts at 208 Hz in a file, at the motion's time (first sample before it)."""

    def __init__(self, path, samples):
        self._file = open(path, "rb")
        self._last = samples - 1
        self._raw = bytearray(2)

    def read_mv(self):
        index = 0
        if clock.wall:
            clock.refresh()
        if clock.origin_us >= 0:
            index = ((clock.now_us - clock.origin_us) * 208 + 999_999) // 1_000_000 - 1
            if index < 0:
                index = 0
            elif index > self._last:
                index = self._last
        self._file.seek(2 * index)
        self._file.readinto(self._raw)
        return ((self._raw[0] | self._raw[1] << 8) ^ 0x8000) - 0x8000
