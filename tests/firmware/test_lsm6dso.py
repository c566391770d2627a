"""The IMU driver against the chip at register level, inside MicroPython."""

from __future__ import annotations

import pytest

from kneesleeve.virtual import Scenario


def test_configure_sets_the_rates_and_starts_silent(on_board, counting):
    on_board(
        """
thigh.configure(); shank.configure()
def regs(first, n):
    return bus.readfrom_mem(SHANK, first, n)
assert regs(0x10, 4) == bytes((0x56, 0x5C, 0x44, 0x02)), regs(0x10, 4)   # 208 Hz, 16 g, 2000 dps, low-pass, BDU
assert regs(0x15, 1) == b"\\x02" and regs(0x09, 2) == b"\\x55\\x00"
time.sleep_ms(50)
assert shank.available() == 0 == thigh.available()
""",
        motion=counting(500),
    )


@pytest.mark.parametrize("chip, address", [("thigh", "0x6a"), ("shank", "0x6b")])
def test_another_chip_at_the_address_is_named(on_board, chip, address):
    scenario = Scenario(faults=({"name": "imu_wrong_id", "chip": chip, "who_am_i": 0x6B},))
    on_board(
        f"""
said = refused({chip}.configure)
assert "{address}" in said and "0x6b, not 0x6c" in said, said
{"shank" if chip == "thigh" else "thigh"}.configure()
""",
        scenario,
    )


def test_a_register_that_does_not_keep_its_value_is_named(on_board):
    on_board("""
class Worn:
    # a bus with a chip whose gyro register lost a bit
    readfrom_mem_into = bus.readfrom_mem_into
    def writeto_mem(self, address, register, data):
        bus.writeto_mem(address, register, bytes((data[0] & 0xF7,)) if register == 0x11 else data)
said = refused(Lsm6dso(Worn(), SHANK, time).configure)
assert "0x6b" in said and "register 0x11 reads 0x54, not 0x5c" in said, said
""")


def test_a_chip_that_does_not_answer_is_an_oserror(on_board):
    scenario = Scenario(faults=({"name": "imu_nack", "chip": "shank", "at_ms": 0, "for_ms": 100, "since": "boot"},))
    on_board(
        """
for call in (shank.configure, shank.start, shank.available, lambda: shank.read(3), shank.stop):
    refused(call)
thigh.configure()
time.sleep_ms(150)
shank.configure()
""",
        scenario,
    )


def test_samples_come_in_order_and_without_a_gap(on_board, counting):
    """Odd drain times: every sample of the motion arrives once, on both chips, as the numbers that went in."""
    on_board(
        """
for imu in (thigh, shank):
    imu.configure()
for imu in (thigh, shank):
    imu.start()
out = array("h", bytearray(64 * 12))
seen = {thigh: 0, shank: 0}
for turn in range(60):
    time.sleep_us(7000 + 2311 * (turn % 7))
    for imu in (thigh, shank):
        n = min(imu.available(), 64)
        assert decode(imu.read(n), 2 * n, out) == n
        for i in range(n):
            k = seen[imu] + i
            want = [10 * k, 10 * k + 1, 10 * k + 2]
            got = list(out[6 * i : 6 * i + 6])
            assert got == want + [-v for v in want], (turn, k, got)
        seen[imu] += n
        assert not imu.overrun
assert seen[thigh] == seen[shank] > 150, seen
""",
        motion=counting(1000),
    )


def test_an_overrun_is_flagged_until_the_next_start(on_board, counting):
    on_board(
        """
shank.configure(); shank.start()
time.sleep_ms(1200)
assert shank.available() == 250 and not shank.overrun
time.sleep_ms(300)
assert shank.available() == 256 and shank.overrun
shank.read(16)
shank.available()
assert shank.overrun                  # it stays until somebody has dealt with it
shank.start()
assert not shank.overrun and shank.available() == 0
time.sleep_ms(20)
assert shank.available() == 5 and not shank.overrun
""",
        motion=counting(1000),
    )


def test_reading_allocates_nothing(on_board, counting):
    on_board(
        """
shank.configure(); shank.start()
out = array("h", bytearray(64 * 12))
def drain():
    n = shank.available()
    return decode(shank.read(n), 2 * n, out)
time.sleep_ms(20); drain()
gc.collect()
total = 0
micropython.heap_lock()
for _ in range(100):
    time.sleep_us(20000)
    total += drain()
micropython.heap_unlock()
assert total >= 400, total
""",
        motion=counting(1000),
    )


def test_stop_powers_the_chip_down(on_board, counting):
    on_board(
        """
shank.configure(); shank.start()
time.sleep_ms(30)
shank.stop()
assert bus.readfrom_mem(SHANK, 0x10, 2) == bytes(2) and shank.available() == 0
""",
        motion=counting(100),
    )
