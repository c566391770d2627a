"""Requests about the configuration (docs/protocol.md). Loaded when the first one comes, let go before a run."""

import binascii
import json
import struct

from kneecore import faults
from kneecore.frames import CONFIG_READ, CONFIG_STAGE, ERROR, HEAD, SCHEMA

from . import config_file as c
from .config import STORED

_NEW = "/config.new"


class ConfigRequests:
    """`answer` one request after the other; what was staged waits here, in RAM, for its commit."""

    def __init__(self, console, config):
        self._console, self._config = console, config
        self._staged = bytearray()

    def answer(self, kind):
        """Answer the frame in the console's reader. Raises OSError where the storage fails."""
        console = self._console
        body, n = console._reader.body, console._reader.length
        if kind == SCHEMA:
            console._send_bytes(c.schema())
        elif kind == CONFIG_READ:
            console._send_bytes(json.dumps(self._said()).encode())
        elif kind == CONFIG_STAGE:
            self._stage(body, n)
        elif n == 7:
            self._commit(*struct.unpack_from("<HIB", body, HEAD))
        else:
            console._error(faults.BAD_REQUEST)

    def _said(self):
        config = self._config
        return {
            "format": c.FORMAT,
            "params": config.given,
            "calibration": config.calibration,
            "source": config.source,
            "problem": config.problem,
            "schema": config.schema,
        }

    def _stage(self, body, n):
        """A piece at its offset: 0 begins anew, a piece that comes again does no harm, a hole is refused."""
        at = struct.unpack_from("<H", body, HEAD)[0] if n > 2 else c.MOST
        if at > len(self._staged) or at + n - 2 > c.MOST:
            self._console._error(faults.BAD_REQUEST)
            return
        self._staged[at:] = body[HEAD + 2 : HEAD + n]
        self._console._send_bytes(b"")

    def _commit(self, length, crc, dry):
        """All of it, or nothing."""
        data = bytes(self._staged)
        if len(data) != length or binascii.crc32(data) != crc:
            self._refuse("it did not arrive whole; send it again")
            return
        problem = self._why_not(data)
        if problem:
            self._refuse(problem)
            return
        if not dry:
            store(self._config.files, data)
            self._config.load()
            if self._config.source != STORED:
                raise OSError(5)
        self._console._send_bytes(b"")

    def _why_not(self, data):
        try:
            c.parse(data)
            return ""
        except Exception as e:  # any bytes are an expected input
            return str(e) or "it is not readable"

    def _refuse(self, problem):
        console, text = self._console, problem.encode()[:200]
        console._writer.body[HEAD] = faults.CONFIG_REFUSED
        console._writer.body[HEAD + 1 : HEAD + 1 + len(text)] = text
        console._send(ERROR, 1 + len(text))


def store(files, data):
    """Make data the stored configuration and keep the one before, if it is good, as the last good one.

    Each file is written beside its place, synced, renamed, and read back: a cut leaves the old one or the new one.
    """
    before = _good(files, c.PATH)
    if before == data:
        return
    if before is not None and before != _good(files, c.OLD):
        _write(files, c.OLD, before)
    _write(files, c.PATH, data)


def _good(files, path):
    """The file's bytes if they are a usable configuration."""
    try:
        data = c.read(files, path)
        if data is not None:
            c.parse(data)
        return data
    except Exception:  # it may be anything
        return None


def _write(files, path, data):
    try:
        with files.open(_NEW, "wb") as f:
            f.write(data)
    except OSError:
        _drop(files)  # a full storage: give back what it took
        raise
    files.rename(_NEW, path)
    if c.read(files, path) != data:
        raise OSError(5)


def _drop(files):
    try:
        files.remove(_NEW)
    except OSError:
        pass
