"""The configuration in /config.json: {"params": {name: integer}, "calibration": [32 integers] or null, "record_level": 0 ... 2}."""

import json

from kneecore import faults, fit, params
from kneecore.records import LEVEL_RAW, LEVEL_STRIDES, LEVEL_WINDOWS

PATH = "/config.json"


class Config:
    """record_level: 0 strides, 1 windows, 2 raw (docs/format.md). `params` is always a full and valid set; what was wrong with the file is in `problem` ("" if nothing)."""

    def __init__(self):
        self._default()
        self.problem = ""
        self.fault = faults.NONE

    def load(self):
        """Read the file; a missing one means defaults, an unusable one means defaults and a fault."""
        try:
            with open(PATH) as f:
                self._take(json.load(f))
        except OSError:
            return
        except Exception as e:  # any content of a file is an expected input
            self.problem = str(e) or "unreadable"
        if self.problem:
            self._default()
            self.fault = faults.BAD_CONFIG

    def _default(self):
        self.params = params.defaults()
        self.calibration = None
        self.record_level = LEVEL_WINDOWS

    def _take(self, content):
        for name, value in content.get("params", {}).items():
            if name not in self.params:
                raise ValueError("unknown parameter {}".format(name))
            self.params[name] = value
        self.problem = params.problem(self.params)
        level = content.get("record_level", LEVEL_WINDOWS)
        if not (isinstance(level, int) and LEVEL_STRIDES <= level <= LEVEL_RAW):
            self.problem = self.problem or "record_level = {} is outside 0 ... 2".format(level)
        self.record_level = level
        calibration = content.get("calibration")
        if calibration is not None:
            self.problem = self.problem or fit.problem(calibration)
            self.calibration = calibration
