"""The LSM6DSO model as a driver sees it, from inside MicroPython."""

from __future__ import annotations

import pytest

from kneesleeve.errors import ConfigError
from kneesleeve.virtual import Press, Scenario


def test_identity_scan_and_readback(on_board):
    on_board("""
assert i2c.scan() == [THIGH, SHANK], i2c.scan()
assert read(THIGH, 0x0F) == b"\\x6c" == read(SHANK, 0x0F)
configure(THIGH)
assert read(THIGH, 0x10, 3) == b"\\x54\\x5c\\x44"
write(THIGH, 0x0F, 0x00)
assert read(THIGH, 0x0F) == b"\\x6c"
write(THIGH, 0x12, 0x01)
assert read(THIGH, 0x12) == b"\\x04" and read(THIGH, 0x10) == b"\\x00"
""")


def test_fifo_counts_only_with_rates_and_continuous_mode(on_board, ramp):
    on_board(
        """
write(THIGH, 0x0A, 6)
time.sleep_ms(100)
assert level(THIGH) == 0
start()
assert level(THIGH) == 0
time.sleep_us(1)
assert level(THIGH) == 2 == level(SHANK)      # sample 0 is there strictly after the origin
time.sleep_us(19999)
assert level(THIGH) == 10                     # 0, 4.8, 9.6, 14.4, 19.2 ms
write(THIGH, 0x0A, 0)
assert level(THIGH) == 0 and level(SHANK) == 10
""",
        motion=ramp(1000),
    )


def test_burst_rolls_over_and_tags_follow_the_chip(on_board, ramp):
    on_board(
        """
start()
time.sleep_ms(40)
n = level(SHANK)
words = read(SHANK, 0x78, 7 * n)
assert n == 18 and level(SHANK) == 0
for i in range(n):
    word = words[7 * i:7 * i + 7]
    tag, k = word[0], i // 2
    x = ((word[1] | word[2] << 8) ^ 0x8000) - 0x8000
    assert tag >> 3 == 1 + (i & 1) and (tag >> 1) & 3 == k & 3
    assert bin(tag).count("1") % 2 == 0
    assert x == (-k if i & 1 else k)
assert read(SHANK, 0x78, 7) == bytes(7)       # empty
time.sleep_ms(5)
one = b"".join(read(SHANK, reg) for reg in range(0x78, 0x7F))
assert one[0] >> 3 == 1 and one[1] == 9 and level(SHANK) == 1, one
""",
        motion=ramp(1000),
    )


def test_overrun_keeps_the_newest_and_latches_once(on_board, ramp):
    on_board(
        """
start()
write(THIGH, 0x07, 100)
time.sleep_ms(2000)
status = read(THIGH, 0x3A, 2)
assert status[0] | (status[1] & 3) << 8 == 512
assert status[1] & 0xE8 == 0xE8, status       # watermark, overrun, full, latched
assert read(THIGH, 0x3B)[0] & 0x08 == 0
first = read(THIGH, 0x78, 14)
assert first[1] | first[2] << 8 == 416 - 256
assert level(THIGH) == 510
""",
        motion=ramp(1000),
    )


def test_fifo_is_empty_after_the_motion_and_the_next_start_plays_it_again(on_board, ramp):
    on_board(
        """
start()
time.sleep_ms(200)
assert level(THIGH) == 40
read(THIGH, 0x78, 280)
time.sleep_ms(500)
assert level(THIGH) == 0
for chip in (THIGH, SHANK):
    write(chip, 0x0A, 0)
start()
time.sleep_ms(10)
assert read(THIGH, 0x78, 7)[1] == 0 and level(SHANK) == 6
""",
        motion=ramp(20),
    )


def test_clock_error_changes_the_count(on_board, ramp):
    scenario = Scenario(charge_bus=False, thigh_ppm=30_000, shank_ppm=-20_000)
    on_board(
        "start()\ntime.sleep_ms(1000)\nassert level(THIGH) == 430 and level(SHANK) == 408",
        scenario,
        ramp(1000),
    )


def test_the_bus_costs_its_wire_time(on_board):
    on_board(
        "t = time.ticks_us()\nread(THIGH, 0x0F, 14)\nassert time.ticks_us() - t == 17 * 9 * 1_000_000 // 400_000",
        Scenario(),
    )
    on_board("t = time.ticks_us()\nread(THIGH, 0x0F, 14)\nassert time.ticks_us() == t")


def test_wrong_id_and_nack_window(on_board, ramp):
    scenario = Scenario(
        charge_bus=False,
        faults=(
            {"name": "imu_wrong_id", "chip": "thigh", "who_am_i": 0x6B},
            {"name": "imu_nack", "chip": "shank", "at_ms": 100, "for_ms": 50},
        ),
    )
    on_board(
        """
assert read(THIGH, 0x0F) == b"\\x6b"
start()
buf = bytearray(1)
seen = 0
for ms in range(0, 200, 10):
    try:
        i2c.readfrom_mem_into(SHANK, 0x0F, buf)
    except OSError as error:
        assert error.errno == 19 and 100 <= ms < 150, ms
        seen += 1
    time.sleep_ms(10)
assert seen == 5
""",
        scenario,
        ramp(1000),
    )


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "volcano"},
        {"name": "imu_nack", "chip": "shank"},
        {"name": "imu_wrong_id", "chip": "left"},
        {"name": "link_byte_flip", "at_byte": -1},
    ],
)
def test_unknown_faults_are_refused(fault):
    with pytest.raises(ConfigError) as error:
        Scenario(faults=(fault,))
    assert error.value.hint


def test_overlapping_presses_are_refused():
    with pytest.raises(ConfigError):
        Scenario(presses=(Press(100, 200), Press(250, 10))).edges_us("motion")
