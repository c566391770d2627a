"""The configuration: /config.json, and beside it the last good one before it (docs/protocol.md has their form)."""

import binascii
import json

from kneecore import faults, fit, params

PATH = "/config.json"
OLD = "/config.old.json"
FORMAT = 2
MOST = 2048  # bytes of such a file
TABLE = params.TABLE + params.SETTINGS
DEFAULTS, STORED, LAST_GOOD = "defaults", "stored", "last_good"
_CRC = 18  # bytes at its end: ,"crc":"01234567"}


class Config:
    """What is in force, always valid. `given`: name -> value of what was set, all else has its default; `calibration`:
    32 integers or None. `source` says where it comes from, `problem` what is wrong with the stored one, "" if nothing."""

    def __init__(self, files):
        self.files = files
        self._none()

    def _none(self):
        self.given, self.calibration = {}, None
        self.source, self.problem, self.fault = DEFAULTS, "", faults.NONE

    @property
    def params(self):
        """The detector's parameters, all of them."""
        return _over(params.defaults(), self.given)

    @property
    def record_level(self):
        """0 strides, 1 windows, 2 raw (docs/format.md)."""
        return _over(params.defaults(params.SETTINGS), self.given)["record_level"]

    def load(self):
        """Take the stored configuration; where it cannot be used the last good one, else the defaults, and say so."""
        self._none()
        problem = self._take(PATH, STORED)
        if not problem:
            return
        before = self._take(OLD, LAST_GOOD)
        if problem == before == "is missing":
            return
        self.problem = "{} {}; {} in force".format(
            PATH, problem, "defaults are" if before else "the last good configuration is"
        )
        self.fault = faults.BAD_CONFIG

    def _take(self, path, source):
        """Why this file cannot be used, "" if it is in force now."""
        try:
            data = read(self.files, path)
            if data is None:
                return "is missing"
            self.given, self.calibration = parse(data)
            self.source = source
            return ""
        except Exception as e:  # any content of a file is an expected input
            return str(e) or "is not readable"


def _over(values, given):
    for name in values:
        values[name] = given.get(name, values[name])
    return values


def read(files, path):
    """The file's bytes, None if there is none. Raises OSError where the storage fails, ValueError for a long one."""
    try:
        with files.open(path, "rb") as f:
            n = f.seek(0, 2)
            if n > MOST:
                raise ValueError("is too long: {} bytes, at most {}".format(n, MOST))
            f.seek(0, 0)
            return f.read(n)
    except OSError as e:
        if e.errno == 2:
            return None
        raise


def parse(data):
    """(given, calibration) of a file's bytes. Raises ValueError with what is wrong."""
    data = data.rstrip()
    checked = data[-_CRC:-10] == b',"crc":"'
    if checked and int(data[-10:-2], 16) != binascii.crc32(memoryview(data)[:-_CRC]):
        raise ValueError("is damaged: its check sum is off")
    content = json.loads(data)
    if not isinstance(content, dict):
        raise ValueError("holds no configuration")
    version = content.pop("format", 1)
    if version == FORMAT and not checked:
        raise ValueError("has no check sum")
    if version not in (1, FORMAT):
        raise ValueError("has format {}, this firmware reads up to {}".format(version, FORMAT))
    given = content.pop("params", {})
    if version == 1 and "record_level" in content:
        given["record_level"] = content.pop("record_level")
    calibration = content.pop("calibration", None)
    for name in content:
        if name != "crc":
            raise ValueError("has an unknown entry {}".format(name))
    problem = _problem(given, calibration)
    if problem:
        raise ValueError("is not usable: " + problem)
    return given, calibration


def _problem(given, calibration):
    values = params.defaults(TABLE)
    for name in given:
        if name not in values:
            return "unknown parameter {}".format(name)
    problem = params.problem(_over(values, given), TABLE)
    return problem if problem or calibration is None else fit.problem(calibration)


def schema():
    """What SCHEMA answers; its CRC-32 is the table's name."""
    return json.dumps([1, params.TABLE, params.SETTINGS, params.ORDERED]).encode()


def schema_id():
    """The CRC-32 of the published table, as eight hex digits."""
    return "{:08x}".format(binascii.crc32(schema()))
