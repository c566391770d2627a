"""Where sessions live: the ring over the `sessions` partition or, on a board without one, over files in littlefs."""

import json
import os

from micropython import const

from kneecore.ring import Ring
from kneecore.ring_header import BLOCK, CLOSED, GIVEN_UP, HEADER, INTERRUPTED, VERIFIED
from kneecore.ring_scan import kept

# what a run may need: 4 hours of strides (an interval of 0.67 s, 48 bytes each, and 12 bytes a second of events) ...
STRIDES_BYTES = const(1209600)
RAW_RESERVE_BYTES = const(151200)  # half an hour of that: what the level `raw` leaves (docs/decisions/0007)
_RAW_BLOCKS = const(600)  # ... and some 10 minutes of raw samples
_FOLDER = "/ring"
_FILES_LEFT = const(16)  # blocks of littlefs that a ring of files leaves to everything else
_COUNTER = "/counter.json"


class Store:
    """Made once, at boot. Where the storage cannot be used `broken` is True and the ring is empty. All of this is for rest."""

    def __init__(self, board):
        self._counter = _load_counter()
        self._counter["boot"] += 1
        self._busy = True  # `work` may have something to do
        self.broken = False
        try:
            self.ring = Ring(_device(board.sessions), board.device_id.encode())
            self.ring.boot()
        except (OSError, ValueError):
            self.ring, self.broken = Ring(_NoDevice(), b""), True
        self._save_counter()

    @property
    def boot(self):
        """How often this sleeve was started."""
        return self._counter["boot"]

    @property
    def free_bytes(self):
        """Room for records, erased already or not; what verified sessions will give up counts."""
        if self.broken:
            return 0
        free, erasable, _ = self.ring.space()
        return (free + erasable) * (BLOCK - HEADER)

    def sessions(self):
        """LIST's entries, by id; what was given up is not listed."""
        found = [_entry(s, self._start(s)) for s in self.ring.sessions() if _there(s)]
        found.reverse()
        return found

    def find(self, number):
        """(write count of the first block, bytes) of a session, or None."""
        s = self.ring.find(number)
        if s is None or not _there(s):
            return None
        start = self._start(s)
        return start, (s.last - start + 1) * BLOCK

    def read(self, start, offset, buf):
        """Fill buf with a session's bytes from offset on; they may not cross a block's end."""
        self.ring.read(start + offset // BLOCK, offset % BLOCK, buf)

    def verified(self, number):
        """The host has proved this session. False if there is none of this number."""
        self.wake()
        return self.ring.mark_verified(number)

    def erase(self, number, force):
        """Let a session go. None if there is none of this number, False if it is not verified and `force` is not given."""
        s = self.ring.find(number)
        if s is None or not _there(s):
            return None
        if not force and not s.flags & VERIFIED:
            return False
        self.wake()
        return self.ring.give_up(number)

    def next_number(self):
        """The number of a new session, remembered also where the ring is lost."""
        number = self.ring.next_session(self._counter["session"])
        self._counter["session"] = number
        self._save_counter()
        return number

    @property
    def wanted(self):
        """Erased blocks that should stand ready for a run."""
        ring = self.ring
        most = ring.count - kept(ring.count)
        wanted = STRIDES_BYTES // (BLOCK - HEADER) + _RAW_BLOCKS
        return wanted if wanted < most else most

    def work(self):
        """One step (at most 0.1 s) towards that; False once there is nothing left to do."""
        if self._busy:
            try:
                self._busy = self.ring.work(self.wanted)
            except OSError:
                self._busy = False
        return self._busy

    def wake(self):
        """Something has changed: there may be work again."""
        self._busy = True

    def _start(self, s):
        return s.first if s.first >= self.ring.tail else s.lowest  # torn blocks at its start are passed on as they are

    def _save_counter(self):
        """Written beside it and renamed: a cut leaves the old one or the new one. A full littlefs costs only the count."""
        try:
            with open(_COUNTER + ".new", "w") as f:
                json.dump(self._counter, f)
            os.rename(_COUNTER + ".new", _COUNTER)
        except OSError:
            pass


class _NoDevice:
    """In the place of one that does not answer: empty, and nothing can be written."""

    count = 1

    def read(self, block, offset, buf):
        for i in range(len(buf)):
            buf[i] = 0xFF

    def program(self, block, offset, buf, at, n):
        raise OSError(5)

    def erase(self, block):
        raise OSError(5)


def _device(partition):
    """Imported where it is needed: the other one would lie in the heap for nothing."""
    if partition:
        from .ring_partition import PartitionRing

        return PartitionRing(partition)
    from .ring_files import FileRing
    from .ring_fs import Files

    return FileRing(Files(), _FOLDER, _file_blocks())


def _there(s):
    return not s.flags & GIVEN_UP


def _entry(s, start):
    blocks = s.last - start + 1
    return {
        "id": s.number,
        "bytes": blocks * BLOCK,
        "closed": s.flags & CLOSED != 0,
        "interrupted": s.flags & INTERRUPTED != 0,
        "verified": s.flags & VERIFIED != 0,
        "blocks": blocks,
    }


def _load_counter():
    try:
        with open(_COUNTER) as f:
            said = json.load(f)
        return {"session": int(said["session"]), "boot": int(said["boot"])}
    except Exception:  # missing or unreadable: the ring knows the last session
        return {"session": 0, "boot": 0}


def _file_blocks():
    """Blocks of a ring of files on this file system, as long as none was made."""
    s = os.statvfs("/")
    return max(8, s[0] * s[3] // BLOCK - _FILES_LEFT)
