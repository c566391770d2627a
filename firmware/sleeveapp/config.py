"""The configuration in /config.json: {"params": {name: integer}, "calibration": [32 integers] or null}."""

import json

from kneecore import faults, fit, params

PATH = "/config.json"


class Config:
    """`params` is always a full and valid set; what was wrong with the file is in `problem` ("" if nothing)."""

    def __init__(self):
        self.params = params.defaults()
        self.calibration = None
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
            self.params = params.defaults()
            self.calibration = None
            self.fault = faults.BAD_CONFIG

    def _take(self, content):
        for name, value in content.get("params", {}).items():
            if name not in self.params:
                raise ValueError("unknown parameter {}".format(name))
            self.params[name] = value
        self.problem = params.problem(self.params)
        calibration = content.get("calibration")
        if calibration is not None:
            self.problem = self.problem or fit.problem(calibration)
            self.calibration = calibration
