"""The verbs of `sleeve`, in the order of its help.

A new verb is a line here and a module `cli/<verb>.py` with a function `command`.
"""

from __future__ import annotations

VERBS: dict[str, str] = {
    "demo": "The whole way on a virtual sleeve, from boot to report.",
    "virtual": "Hold a virtual sleeve open on a port.",
    "replay": "Run the detector over a recording.",
    "ports": "List serial ports, and what is at each.",
    "flash": "Make a sleeve of an ESP32 board.",
    "info": "What a sleeve is, and how it is.",
    "time": "Compare a sleeve's clock with this computer's, or set it.",
    "config": "Show, set, back up and restore what a sleeve works with.",
    "sessions": "List the runs on a sleeve.",
    "pull": "Fetch runs from a sleeve.",
    "erase": "Let a sleeve erase runs that are safe here.",
    "verify": "Prove a run: sleeve and reference agree bit for bit.",
    "doctor": "Tell what a session file is, and what is missing.",
    "recover": "Save what is readable of a damaged file or a dump.",
    "convert": "Turn a session into a table: CSV, Parquet or npz.",
    "report": "Make a page of a run.",
    "calibrate": "Show what a donning found: axes, flex map, quality.",
}
