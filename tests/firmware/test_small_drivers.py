"""Button, flex sensor, battery, LED."""

from __future__ import annotations

from kneesleeve.virtual import Press, Scenario

BUTTON = """
from drivers.button import Button
button = Button(Pin(27, Pin.IN, Pin.PULL_UP))
presses = 0
for _ in range(50):
    presses += button.pressed()
    time.sleep_ms(20)
print("presses", presses)
"""


def test_a_press_counts_once_however_long(on_board):
    scenario = Scenario(charge_bus=False, presses=(Press(100, 60, "boot"), Press(300, 500, "boot")))
    assert "presses 2" in on_board(BUTTON, scenario).output


def test_a_bounce_shorter_than_two_looks_is_no_press(on_board):
    presses = tuple(Press(at, 12, "boot") for at in range(95, 900, 90))
    assert "presses 0" in on_board(BUTTON, Scenario(charge_bus=False, presses=presses)).output


def test_flex_in_millivolts_follows_the_motion(on_board, counting):
    on_board(
        """
from drivers.flex import FlexSensor
flex = FlexSensor(ADC(Pin(34), atten=ADC.ATTN_11DB))
assert flex.read_mv() == 1000
shank.configure(); shank.start()
time.sleep_ms(100)
assert flex.read_mv() == 1020                  # sample 20 lies at 96.2 ms
class Noisy:
    def read_uv(self):
        return 1_234_500
assert FlexSensor(Noisy()).read_mv() == 1235
""",
        motion=counting(100),
    )


def test_a_missing_flex_sensor_reads_below_what_is_plausible(on_board):
    on_board("""
from drivers.flex import FlexSensor
assert FlexSensor(ADC(Pin(34))).read_mv() < 50
""")


def test_battery_behind_its_divider(on_board):
    on_board(
        """
from drivers.battery import Battery
assert Battery(ADC(Pin(35), atten=ADC.ATTN_11DB)).read_mv() == 3720
""",
        Scenario(battery_mv=3720),
    )


def test_led(on_board):
    on_board("""
from drivers.led import Led
pin = Pin(2, Pin.OUT, value=0)
led = Led(pin)
led.on()
assert pin.value() == 1
led.off()
assert pin.value() == 0
""")
