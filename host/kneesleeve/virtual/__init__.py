"""The virtual sleeve: the real firmware on the real MicroPython, with simulated chips behind a PTY."""

from kneesleeve.virtual.image import create_image, install_app, list_files, read_file
from kneesleeve.virtual.motion import Motion
from kneesleeve.virtual.scenario import Pins, Press, Scenario
from kneesleeve.virtual.sleeve import VirtualSleeve

__all__ = [
    "Motion",
    "Pins",
    "Press",
    "Scenario",
    "VirtualSleeve",
    "create_image",
    "install_app",
    "list_files",
    "read_file",
]
