"""Virtual time, button, timers, motor log, schedule of replay, and memory."""

from __future__ import annotations

import time

import pytest

from kneesleeve.virtual import Press, Scenario, install_app
from kneesleeve.virtual.batch import run_main
from kneesleeve.virtual.interpreter import BOARD_KIB


def test_replay_schedule_is_exact(on_board, ramp):
    """Batch j holds the samples k with (j-1)*20 ms <= k/208 s < j*20 ms, flex is that of the last of them."""
    result = on_board(
        """
adc = ADC(Pin(34), atten=ADC.ATTN_11DB)
start()
t0 = time.ticks_us()
for j in range(1, 51):
    time.sleep_us(time.ticks_diff(time.ticks_add(t0, j * 20000), time.ticks_us()))
    for chip in (THIGH, SHANK):
        n = level(chip)
        words = read(chip, 0x78, 7 * n)
        ks = [words[i + 1] | words[i + 2] << 8 for i in range(0, 7 * n, 14)]
        print(j, ks[0], ks[-1], len(ks), adc.read_uv())
""",
        motion=ramp(1000),
    )
    rows = [tuple(map(int, line.split())) for line in result.output.splitlines() if line[0].isdigit()]
    assert len(rows) == 100
    for j, first, last, count, flex_uv in rows:
        ks = [k for k in range(1000) if (j - 1) * 20_000 * 208 <= k * 1_000_000 < j * 20_000 * 208]
        assert (first, last, count) == (ks[0], ks[-1], len(ks))
        assert flex_uv == (1000 + ks[-1]) * 1000


def test_time_passes_only_in_sleeps_and_the_button_follows_the_script(on_board, ramp):
    began = time.monotonic()
    on_board(
        """
button = Pin(27, Pin.IN, Pin.PULL_UP)
assert time.ticks_us() == 0 and button.value() == 1
time.sleep_ms(150)
assert button.value() == 0
time.sleep_ms(100)
assert button.value() == 1 and time.ticks_ms() == 250
for _ in range(1000):
    time.ticks_us()
assert time.ticks_ms() == 250
start()
time.sleep(60)
assert button.value() == 0 and time.ticks_diff(time.ticks_us(), 250_000) == 60_000_000
time.sleep_us(10_001)
assert button.value() == 1
assert time.ticks_diff(time.ticks_add(0x3FFFFFFF, 5), 0x3FFFFFFE) == 6
""",
        Scenario(charge_bus=False, presses=(Press(100, 100, "boot"), Press(59_990, 20))),
        ramp(208 * 90),
    )
    assert time.monotonic() - began < 5


def test_timer_fires_when_time_passes_it(on_board, ramp):
    on_board(
        """
seen = []
start()
timer = machine.Timer(0)
timer.init(mode=machine.Timer.ONE_SHOT, period=250, callback=lambda t: seen.append(time.ticks_ms()))
other = machine.Timer(1)
other.init(mode=machine.Timer.ONE_SHOT, period=300, callback=lambda t: seen.append(-1))
other.deinit()
time.sleep_ms(1000)
assert seen == [250], seen
timer.init(mode=machine.Timer.PERIODIC, period=100, callback=lambda t: seen.append(time.ticks_ms()))
time.sleep_ms(250)
assert seen == [250, 1100, 1200], seen
""",
        motion=ramp(1000),
    )


def test_a_timer_that_sets_another_does_not_wake_the_watchdog(on_board, ramp):
    on_board(
        """
start()
first = machine.Timer(0); second = machine.Timer(1)
def again(_): second.init(mode=0, period=400, callback=lambda t: None)
first.init(mode=0, period=50, callback=again)
wdt = machine.WDT(timeout=500)
time.sleep_ms(300)
assert time.ticks_ms() == 300
""",
        motion=ramp(1000),
    )


def test_watchdog_resets_only_an_unfed_board(on_board, ramp):
    text = "start()\nw = machine.WDT(timeout=500)\nfor _ in range(20):\n    time.sleep_ms(300)\n    w.feed()\n"
    on_board(text, motion=ramp(3000))
    result = on_board(text + "time.sleep_ms(600)\n", motion=ramp(3000), ends=False)
    assert result.exit_code == 64 + 3


def test_motor_log_tells_when_the_motor_ran(on_board, ramp):
    result = on_board(
        """
pwm = PWM(Pin(25), freq=200, duty_u16=0)
time.sleep_ms(30)
start()
time.sleep_ms(40)
pwm.duty_u16(30000)
time.sleep_ms(60)
pwm.duty_u16(0)
pwm.duty_u16(0)
time.sleep_ms(100)
pwm.duty_u16(65535)
pwm.deinit()
""",
        motion=ramp(1000),
    )
    assert result.motor_log == [(40_000, 30000), (100_000, 0), (200_000, 65535), (200_000, 0)]


@pytest.mark.parametrize("clock", ["virtual", "wall"])
def test_a_running_loop_allocates_nothing(on_board, ramp, clock):
    """Over 1000 batches with everything a firmware does: FIFOs, flex, motor, button, timer, watchdog, NACKs."""
    scenario = Scenario(
        clock=clock,
        speed=50,
        presses=(Press(1000),),
        faults=({"name": "imu_nack", "chip": "thigh", "at_ms": 5000, "for_ms": 100},),
    )
    on_board(
        """
adc = ADC(Pin(34)); pwm = PWM(Pin(25), freq=200, duty_u16=0); button = Pin(27, Pin.IN, Pin.PULL_UP)
led = Pin(2, Pin.OUT)
timer = machine.Timer(0); wdt = machine.WDT(timeout=60000)
status = bytearray(2); room = memoryview(bytearray(7 * 120))
views = [room[:7 * n] for n in range(120)]
def off(_): pwm.duty_u16(0)
def drain(chip):
    try:
        i2c.readfrom_mem_into(chip, 0x3A, status)
        i2c.readfrom_mem_into(chip, 0x78, views[min(status[0] | (status[1] & 3) << 8, 119)])
    except OSError:
        return 1
    return 0
def loop(count):
    due = time.ticks_us(); lost = 0
    for j in range(count):
        due = time.ticks_add(due, 20000)
        time.sleep_us(time.ticks_diff(due, time.ticks_us()))
        lost += drain(THIGH) + drain(SHANK)
        adc.read_uv(); button.value(); led.value(j & 1); wdt.feed(); time.ticks_ms()
        if j % 50 == 7:
            pwm.duty_u16(20000); timer.init(mode=0, period=60, callback=off)
        if j % 50 == 10: pwm.duty_u16(0)
    return lost
timer.init(mode=0, period=60, callback=off)
start()
loop(5)
gc.collect(); before = gc.mem_alloc(); gc.disable()
micropython.heap_lock()
try:
    lost = loop(1000)
finally:
    micropython.heap_unlock()
assert gc.mem_alloc() - before < 200 and LEAST <= lost <= 10, (gc.mem_alloc() - before, lost)
""".replace("LEAST", "5" if clock == "virtual" else "0"),
        scenario,
        ramp(208 * 25),
    )


def test_the_boards_own_memory_stays_within_its_allowance(image):
    install_app(image, {"main.py": b"import gc; gc.collect(); print(gc.mem_alloc())"})
    used = int(run_main(image, Scenario(presses=(Press(1), Press(5, 5, "boot")))).output)
    assert 30 * 1024 < used <= BOARD_KIB * 1024


def test_wall_clock_runs_at_its_speed(on_board, ramp):
    began = time.monotonic()
    on_board(
        "start()\nt = time.ticks_ms()\ntime.sleep_ms(2000)\nd = time.ticks_diff(time.ticks_ms(), t)\n"
        "assert 2000 <= d < 2400, d\nassert 410 <= level(THIGH) // 1 <= 512",
        Scenario(clock="wall", speed=10.0),
        ramp(1000),
    )
    assert 0.2 < time.monotonic() - began < 2
