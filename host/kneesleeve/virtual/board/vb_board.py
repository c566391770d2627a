"""What is soldered on the virtual board, set up once from the scenario the host wrote."""

import json
import sys

import vb_clock as clock

button_pin = motor_pin = led_pin = flex_pin = battery_pin = -1
button_active_low = 1
battery_mv = 0
charge_bus = True
unique_id = b""
reset_cause = 1
chips = {}  # I2C address: chip
flex = None
logs = {}  # pin: Log
SOFT_RESET = 5
_events = None  # to the host: b"G" ready for input, b"R" + cause restart me


def setup(folder, cause):
    """Read `folder`/scenario.json, open its files and channels; returns the scenario."""
    global reset_cause, _events
    reset_cause = cause
    with open(folder + "/scenario.json") as file:
        scenario = json.load(file)
    for name in ("button_pin", "motor_pin", "led_pin", "flex_pin", "battery_pin"):
        globals()[name] = scenario[name]
    _take(scenario)
    control = None
    if scenario["channels"]:
        control = open(folder + "/control", "r+b")
        _events = open(folder + "/events", "r+b")
    clock.setup(scenario, control)
    _open_logs(folder)
    _place_chips(folder, scenario)
    return scenario


def _take(scenario):
    global button_active_low, battery_mv, charge_bus, unique_id
    button_active_low = 1 if scenario["button_active_low"] else 0
    battery_mv = scenario["battery_mv"]
    charge_bus = scenario["charge_bus"]
    unique_id = bytes.fromhex(scenario["unique_id"])


def _open_logs(folder):
    from vb_pins import Log

    logs[motor_pin] = Log(folder + "/motor.log")
    logs[led_pin] = Log(folder + "/led.log")


def _place_chips(folder, scenario):
    global flex
    from chip_lsm6dso import Lsm6dso
    from vb_bus import Flex

    for chip in scenario["chips"]:
        words = open(folder + "/" + chip["name"] + ".fifo", "rb")
        chips[chip["address"]] = Lsm6dso(words, chip["samples"], chip["rate_mhz"], chip["who_am_i"])
        if chip["nack_us"]:
            _plan_nack(chips[chip["address"]], chip["nack_us"], chip["nack_since"] == "boot")
    if scenario["flex_samples"]:
        flex = Flex(folder + "/flex.bin", scenario["flex_samples"])


def _plan_nack(chip, window_us, from_boot):
    """Let `chip` not answer in [from, to) us after boot, or after the motion's origin."""

    def arm(base_us):
        chip.nack_from_us = base_us + window_us[0]
        chip.nack_to_us = base_us + window_us[1]

    if from_boot:
        arm(0)
    else:
        clock.on_motion.append(arm)


def pin_number(pin):
    return pin if isinstance(pin, int) else pin.id


def has_host():
    return _events is not None


def tell_ready():
    """Tell the host that input may come from now on."""
    if _events:
        _events.write(b"G0")


def restart(cause):
    """Have the host restart the board, with `cause` as the next reset cause; never returns.

    The host kills the process: nothing that was not flushed survives, as on a board.
    Without a host the interpreter ends with exit code 64 + cause.
    """
    if not _events:
        sys.exit(64 + cause)
    _events.write(bytes((0x52, 0x30 + cause)))
    while True:
        clock._real_sleep_us(1_000_000)
