"""ESP32 development board with two LSM6DSO(X) on one I2C bus: pins and peripherals (docs/build.md has the wiring)."""

import sys
import time

import esp32
import machine

from drivers.battery import Battery
from drivers.button import Button
from drivers.flex import FlexSensor
from drivers.led import Led
from drivers.line import Line
from drivers.lsm6dso import Lsm6dso
from drivers.motor import Motor

_THIGH, _SHANK = 0x6A, 0x6B
_RESET_CAUSES = ("power_on", "hard", "watchdog", "deep_sleep", "soft")


class Board:
    """Everything the app may touch, made once. The motor is made first: after any reset it must be off before anything else."""

    name = "esp32_devkit"
    SCL, SDA = 22, 21
    FLEX, BATTERY = 34, 35  # ADC1: ADC2 is not usable with the radio on
    MOTOR, BUTTON, LED = 25, 27, 2

    def __init__(self):
        self.clock = time
        self.motor = Motor(machine.PWM(machine.Pin(self.MOTOR), freq=20000, duty_u16=0), time, machine.Timer(0))
        self.line = Line(sys.stdout.buffer, time, self._uart())
        self.led = Led(machine.Pin(self.LED, machine.Pin.OUT, value=0))
        self.button = Button(machine.Pin(self.BUTTON, machine.Pin.IN, machine.Pin.PULL_UP))
        self.flex = FlexSensor(machine.ADC(machine.Pin(self.FLEX), atten=machine.ADC.ATTN_11DB))
        self.battery = Battery(machine.ADC(machine.Pin(self.BATTERY), atten=machine.ADC.ATTN_11DB))
        bus = machine.I2C(0, scl=machine.Pin(self.SCL), sda=machine.Pin(self.SDA), freq=400_000)
        self.thigh = Lsm6dso(bus, _THIGH, time)
        self.shank = Lsm6dso(bus, _SHANK, time)
        self.device_id = "".join(["{:02x}".format(b) for b in machine.unique_id()])
        self.sessions = _partition("sessions")
        cause = machine.reset_cause() - machine.PWRON_RESET
        self.reset_cause = _RESET_CAUSES[cause] if 0 <= cause < len(_RESET_CAUSES) else "unknown"

    def _uart(self):
        """The REPL's, behind a USB bridge; None where the console has no rate."""
        return machine.UART(0, baudrate=115200)


def _partition(label):
    """The data partition of this label, None if the flash map has none."""
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=label)
    return found[0] if found else None
