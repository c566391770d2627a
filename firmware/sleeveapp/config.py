"""The configuration in force. What reads and checks its files is loaded only while it is used (config_file.py)."""

DEFAULTS, STORED, LAST_GOOD = "defaults", "stored", "last_good"


class Config:
    """What is in force, always valid. `given`: name -> value of what was set, all else has its default; `calibration`:
    32 integers or None. `source` says where it comes from, `problem` what is wrong with the stored one ("" if nothing),
    `schema` is the name of the table of parameters."""

    def __init__(self, files):
        self.files = files
        self.schema = ""
        self.none()

    def none(self):
        """All defaults."""
        self.given, self.calibration = {}, None
        self.source, self.problem, self.fault = DEFAULTS, "", 0

    @property
    def params(self):
        """The detector's parameters, all of them."""
        from kneecore import params

        return over(params.defaults(), self.given)

    @property
    def record_level(self):
        """0 strides, 1 windows, 2 raw (docs/format.md)."""
        from kneecore import params

        return over(params.defaults(params.SETTINGS), self.given)["record_level"]

    def load(self):
        """Take the stored configuration; where it cannot be used the last good one, else the defaults, and say so."""
        from .config_file import load

        load(self)


def over(values, given):
    """`values` with those of the same name in `given`."""
    for name in values:
        values[name] = given.get(name, values[name])
    return values
