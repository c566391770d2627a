"""What happens to a virtual sleeve: its clock, button, chips' clock errors, battery and faults."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kneesleeve.errors import ConfigError
from kneesleeve.virtual import faults as fault_table
from kneesleeve.virtual.image import block_count, session_blocks_of, sessions_path
from kneesleeve.virtual.interpreter import DEFAULT_HEAP_KIB
from kneesleeve.virtual.motion import NOMINAL_HZ, Motion

ADDRESSES = {"thigh": 0x6A, "shank": 0x6B}


@dataclass(frozen=True)
class Press:
    """The button held down for `for_ms`, `at_ms` after the board's start or the motion's first sample."""

    at_ms: int
    for_ms: int = 200
    since: Literal["boot", "motion"] = "motion"


@dataclass(frozen=True)
class Pins:
    """GPIO numbers of the board the firmware runs on; -1 for what it has not."""

    button: int = 27
    motor: int = 25
    led: int = 2
    flex: int = 34
    battery: int = 35
    button_active_low: bool = True
    battery_divider: int = 2  # the ADC pin sees the cell's voltage divided by this


@dataclass(frozen=True)
class Scenario:
    """One life of a virtual sleeve.

    `clock`: "virtual" moves only when the firmware sleeps; "wall" follows the host's clock times `speed`.
    `charge_bus`: I²C transfers take their wire time on the virtual clock (off for replay).
    `thigh_ppm`, `shank_ppm`: clock error of each IMU, ±100,000. `battery_mv`: the cell's voltage.
    `heap_kib`: memory the firmware has, without what the simulated chips take.
    `session_blocks`: size of the flash partition for sessions, 0 for a board without one; None: as the image was made.
    `line_rate`: bytes on the line take the time that they take at its baud rate (wall time); off: none.
    `flash_timing`: flash operations take their time on the virtual clock, `flash_program_us` and `flash_erase_us` each.
    """

    clock: Literal["virtual", "wall"] = "virtual"
    speed: float = 1.0
    charge_bus: bool = True
    thigh_ppm: int = 0
    shank_ppm: int = 0
    presses: tuple[Press, ...] = ()
    faults: tuple[fault_table.Fault, ...] = ()
    battery_mv: int = 3900
    pins: Pins = field(default_factory=Pins)
    unique_id: str = "7c9ebd4a1e02"
    heap_kib: int = DEFAULT_HEAP_KIB
    session_blocks: int | None = None
    line_rate: bool = False
    flash_timing: bool = False
    flash_program_us: int = 3_000
    flash_erase_us: int = 80_000

    def __post_init__(self) -> None:
        """Raises ConfigError for what the sleeve cannot do."""
        for fault in self.faults:
            fault_table.check(fault)
        if self.clock not in ("virtual", "wall"):
            raise ConfigError(f"There is no clock {self.clock!r}.", hint="virtual or wall.")
        if not 0.001 <= self.speed <= 1000 or max(abs(self.thigh_ppm), abs(self.shank_ppm)) > 100_000:
            raise ConfigError("Speed or clock error out of range.", hint="speed 0.001..1000, ppm -100000..100000.")

    def rate_mhz(self, chip: str) -> int:
        """True sample rate of `chip` in mHz."""
        ppm = {"thigh": self.thigh_ppm, "shank": self.shank_ppm}[chip]
        return round(NOMINAL_HZ * (1000 + ppm / 1000))

    def edges_us(self, since: str) -> list[int]:
        """Button edges after `since` in µs: pressed, released, pressed, ... Raises ConfigError when presses overlap."""
        edges: list[int] = []
        for press in sorted((p for p in self.presses if p.since == since), key=lambda p: p.at_ms):
            if press.at_ms < 0 or press.for_ms <= 0 or (edges and press.at_ms * 1000 <= edges[-1]):
                raise ConfigError(f"{press} overlaps another press or lies before the start.", hint="Space them out.")
            edges += [press.at_ms * 1000, (press.at_ms + press.for_ms) * 1000]
        return edges

    def write(self, folder: Path, image: Path, motion: Motion | None, *, channels: bool = True) -> None:
        """Write scenario.json and the chips' files into `folder`, which the board reads once at its start.

        `channels`: `folder` also has the pipes `control` and `events` to a host.
        """
        rates = {chip: self.rate_mhz(chip) for chip in ADDRESSES}
        counts = motion.write(folder, rates) if motion else self._write_stillness(folder)
        chips = [self._chip(chip, counts[chip]) for chip in ADDRESSES]
        content: dict[str, Any] = {
            "clock": self.clock,
            "speed_milli": round(self.speed * 1000),
            "charge_bus": self.charge_bus,
            "motion_us": motion.duration_us if motion else 0,
            "presses_boot_us": self.edges_us("boot"),
            "presses_motion_us": self.edges_us("motion"),
            **{f"{name}_pin": getattr(self.pins, name) for name in ("button", "motor", "led", "flex", "battery")},
            "button_active_low": self.pins.button_active_low,
            "battery_mv": self.battery_mv // self.pins.battery_divider,
            "unique_id": self.unique_id,
            "channels": channels,
            "image": str(image.resolve()),
            "block_count": block_count(image),
            "sessions": str(sessions_path(image).resolve()),
            "session_blocks": session_blocks_of(image) if self.session_blocks is None else self.session_blocks,
            "flash_us": [self.flash_program_us, self.flash_erase_us] if self.flash_timing else [0, 0],
            "flex_samples": counts["flex"],
            "chips": chips,
        }
        (folder / "scenario.json").write_text(json.dumps(content))

    def _chip(self, chip: str, samples: int) -> dict[str, Any]:
        entries = {"name": chip, "address": ADDRESSES[chip], "samples": samples, "rate_mhz": self.rate_mhz(chip)}
        return entries | fault_table.of_chip(list(self.faults), chip)

    @staticmethod
    def _write_stillness(folder: Path) -> dict[str, int]:
        """Without a motion the FIFOs stay empty and the flex pin reads 0."""
        for name in ("thigh.fifo", "shank.fifo", "flex.bin"):
            (folder / name).write_bytes(b"")
        return {"thigh": 0, "shank": 0, "flex": 0}
