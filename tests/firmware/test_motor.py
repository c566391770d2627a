"""The motor never stays on: by its deadline, by its hard limit, by a timer when nobody looks, after a reset."""

from __future__ import annotations

MOTOR = """
motor = Motor(PWM(Pin(25), freq=20000, duty_u16=0), time, Timer(0))
"""


def test_off_when_made_even_if_the_pin_was_on(on_board):
    result = on_board("""
pwm = PWM(Pin(25), freq=20000, duty_u16=65535)
time.sleep_ms(5)
motor = Motor(pwm, time, Timer(0))
assert not motor.on
""")
    assert result.motor_log == [(0, 65535), (5000, 0)]


def test_a_pulse_ends_at_its_deadline_by_poll(on_board):
    result = on_board(
        MOTOR
        + """
motor.pulse(120)
assert motor.on and motor.left_us() == 120_000
time.sleep_us(119_999)
assert not motor.poll() and motor.on and motor.left_us() == 1
time.sleep_us(1)
assert motor.poll() and not motor.on and motor.was_on_ms == 120 and motor.left_us() == 0
assert not motor.poll()
time.sleep_ms(500)
"""
    )
    assert result.motor_log == [(0, 65535), (120_000, 0)]


def test_no_pulse_is_longer_than_half_a_second(on_board):
    result = on_board(
        MOTOR
        + """
motor.pulse(30_000)
while motor.on:
    time.sleep_ms(1)
    motor.poll()
assert motor.was_on_ms == 500
"""
    )
    assert result.motor_log == [(0, 65535), (500_000, 0)]


def test_a_timer_stops_it_when_the_loop_hangs(on_board):
    result = on_board(
        MOTOR
        + """
motor.pulse(200)
time.sleep_ms(3000)
"""
    )
    assert result.motor_log == [(0, 65535), (250_000, 0)]


def test_a_new_pulse_replaces_the_one_before(on_board):
    result = on_board(
        MOTOR
        + """
motor.pulse(100)
time.sleep_ms(60)
motor.pulse(100)
time.sleep_ms(60)
assert not motor.poll()
time.sleep_ms(40)
assert motor.poll() and motor.was_on_ms == 100
motor.pulse(0)
motor.pulse(-5)
assert not motor.on
time.sleep_ms(400)
"""
    )
    assert result.motor_log == [(0, 65535), (160_000, 0)]


def test_off_at_once(on_board):
    result = on_board(
        MOTOR
        + """
motor.pulse(300)
time.sleep_ms(10)
motor.off()
assert motor.was_on_ms == 10
time.sleep_ms(1000)
"""
    )
    assert result.motor_log == [(0, 65535), (10_000, 0)]


def test_pulses_allocate_nothing(on_board):
    on_board(
        MOTOR
        + """
def one():
    motor.pulse(60)
    while not motor.poll():
        time.sleep_us(20000)
one()
gc.collect()
before = gc.mem_alloc()
for _ in range(50):
    one()
print("allocated", gc.mem_alloc() - before)
micropython.heap_lock()
for _ in range(20):
    one()
micropython.heap_unlock()
"""
    )
