"""Speed of the virtual board: a 20 ms drain loop over 3 minutes of motion. Run: python tests/virtual/bench_speed.py"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from conftest import PRELUDE, ramp_motion  # pyright: ignore[reportAttributeAccessIssue]

from kneesleeve.virtual import Scenario, create_image, install_app
from kneesleeve.virtual.batch import run_main

SECONDS = 180
TEXT = """
adc = ADC(Pin(34)); pwm = PWM(Pin(25), freq=200, duty_u16=0); button = Pin(27, Pin.IN, Pin.PULL_UP)
wdt = machine.WDT(timeout=1000)
status = bytearray(2); room = memoryview(bytearray(7 * 120))
views = [room[:7 * n] for n in range(120)]
def drain(chip):
    i2c.readfrom_mem_into(chip, 0x3A, status)
    i2c.readfrom_mem_into(chip, 0x78, views[status[0] | (status[1] & 3) << 8])
def loop(count):
    due = time.ticks_us()
    for j in range(count):
        due = time.ticks_add(due, 20000)
        time.sleep_us(time.ticks_diff(due, time.ticks_us()))
        drain(THIGH); drain(SHANK)
        adc.read_uv(); button.value(); wdt.feed()
        if j % 35 == 7: pwm.duty_u16(20000)
        if j % 35 == 10: pwm.duty_u16(0)
start()
gc.collect(); print("heap before the loop", gc.mem_alloc())
loop(COUNT)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "flash.img"
        create_image(image)
        for count, charge in ((1, True), (SECONDS * 50, True), (SECONDS * 50, False)):
            install_app(image, {"main.py": (PRELUDE + TEXT.replace("COUNT", str(count))).encode()})
            began = time.perf_counter()
            result = run_main(image, Scenario(charge_bus=charge), ramp_motion(SECONDS * 208))
            took = time.perf_counter() - began
            print(
                f"{count} batches, bus charged {charge}: {took:.3f} s = {count * 0.02 / took:.0f} x",
                result.output.strip(),
            )


if __name__ == "__main__":
    main()
