"""Sessions as files in littlefs: /sessions/<id>.sleeve."""

import os

from kneecore.blocks import BLOCK, CLOSE, HEADER, SYNC

_FOLDER = "/sessions"
_IS_FILE = 0x8000


def _path(session_id):
    return "{}/{:08d}.sleeve".format(_FOLDER, session_id)


def ids():
    """Ids of the stored sessions, oldest first."""
    try:
        names = [entry[0] for entry in os.ilistdir(_FOLDER) if entry[1] == _IS_FILE]
    except OSError:
        return []
    return sorted([int(n[:-7]) for n in names if len(n) == 15 and n.endswith(".sleeve") and n[:8].isdigit()])


def size(session_id):
    """Bytes of a session; OSError if there is none of this id."""
    return os.stat(_path(session_id))[6]


def create():
    """A new, empty session: (id, open file)."""
    try:
        os.mkdir(_FOLDER)
    except OSError:
        pass
    known = ids()
    session_id = known[-1] + 1 if known else 1
    return session_id, open(_path(session_id), "wb")


def open_session(session_id):
    """The session's file, for reading; OSError if there is none."""
    return open(_path(session_id), "rb")


def closed(session_id):
    """True if the last record of the session's last block is a CLOSE."""
    n = size(session_id)
    if n < BLOCK:
        return False
    block = bytearray(BLOCK)
    with open_session(session_id) as f:
        f.seek(n - BLOCK)
        f.readinto(block)
    at, kind = HEADER, 0
    while at + 12 <= BLOCK and block[at] == SYNC:
        kind = block[at + 1]
        length = block[at + 2] | (block[at + 3] << 8)
        at += 12 + ((length + 3) & ~3)
    return kind == CLOSE


def free_bytes():
    """Free space of the file system. When it is full littlefs may count more blocks as used than there are."""
    s = os.statvfs("/")
    return s[0] * s[3] if s[3] <= s[2] else 0
