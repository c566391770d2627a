"""Reads and checks /config.json, and beside it the last good one (docs/protocol.md has their form). For rest."""

import binascii
import gc
import json

from kneecore import faults, fit, params

from .config import LAST_GOOD, STORED, over

PATH = "/config.json"
OLD = "/config.old.json"
FORMAT = 2
MOST = 2048  # bytes of such a file
TABLE = params.TABLE + params.SETTINGS
_CRC = 18  # bytes at its end: ,"crc":"01234567"}


def load(config):
    """Config.load."""
    config.none()
    config.schema = "{:08x}".format(binascii.crc32(schema()))
    problem = _take(config, PATH, STORED)
    if not problem:
        return
    before = _take(config, OLD, LAST_GOOD)
    if problem == before == "is missing":
        return
    rest = "defaults are" if before else "the last good configuration is"
    config.problem = "{} {}; {} in force".format(PATH, problem, rest)
    config.fault = faults.BAD_CONFIG


def _take(config, path, source):
    """Why this file cannot be used, "" if it is in force now."""
    try:
        data = read(config.files, path)
        if data is None:
            return "is missing"
        given, calibration = parse(data)
        gc.collect()  # what stays is copied low into the heap: a run needs the room behind it in one piece
        config.given, config.calibration = dict(given), calibration and list(calibration)
        config.source = source
        return ""
    except Exception as e:  # any content of a file is an expected input
        return str(e) or "is not readable"


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
    problem = params.problem(over(values, given), TABLE)
    return problem if problem or calibration is None else fit.problem(calibration)


def schema():
    """What SCHEMA answers; its CRC-32 is the table's name."""
    return json.dumps([1, params.TABLE, params.SETTINGS, params.ORDERED]).encode()
