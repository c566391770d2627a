"""The ring of blocks that sessions live in (docs/format.md "The ring"): what is where, and what is to become of it.

The device underneath has `count` (blocks of 4096 bytes) and three calls, block being its place from 0:
    read(block, offset, buf)            fills buf
    program(block, offset, buf, at, n)  n bytes of buf from at, a multiple of 4, into erased bytes; allocates nothing
    erase(block)                        all 0xFF; only ever at rest
Write counts name blocks; a block's place is its write count modulo `count`. OSError of the device goes on to the caller.
"""

from . import ring_scan, ring_space
from .ring_header import (
    CLOSED,
    FREE_TO_ERASE,
    GIVEN_UP,
    INTERRUPTED,
    OPENING,
    STATUS_AT,
    VERIFIED,
    Header,
    fill,
    template,
)


class Session:
    """One session in the ring.

    number: its id. first: write count of its block 0. lowest: of its first block with a readable header, which holds
    the status. last: of its last block. flags: CLOSED, INTERRUPTED, VERIFIED, GIVEN_UP as far as set.
    """

    def __init__(self, number, first, lowest, last, flags):
        self.number, self.first, self.lowest, self.last, self.flags = number, first, lowest, last, flags

    @property
    def blocks(self):
        """How many there are."""
        return self.last - self.lowest + 1

    @property
    def erasable(self):
        """Verified, or given up by name."""
        return self.flags & FREE_TO_ERASE != 0

    @property
    def remnant(self):
        """Its erasing has begun: what is left of it is no session any more."""
        return self.erasable and self.lowest > self.first


class Ring:
    """Ring over a device. Call `boot` first; while a session is written only `open_block` and `program` are called.

    head, tail: write counts of the newest and the oldest block (an empty ring: -1 and 0). erased_to: the blocks from
    head + 1 to this one are known to be erased. newest_session: largest session number, 0 if there is none.
    """

    def __init__(self, dev, device_id):
        self.dev, self.count = dev, dev.count
        self.header = Header()
        self.head = self.erased_to = -1
        self.tail = 0
        self.newest_session = 0
        self.doubtful = (-1, -1)  # write counts whose last operation may have been cut short
        self._opening = template(device_id)
        self._status = bytearray(b"\xff" * 4)
        self._zeros = bytearray(OPENING)

    # --- at the start

    def boot(self):
        """Find newest and oldest block, and close the session that a reset or a cut interrupted."""
        self.header.reads = 0
        self.head = self.erased_to = ring_scan.newest(self.dev, self.header)
        self.tail = 0
        if self.head >= 0:
            self.tail = ring_scan.oldest(self.dev, self.header, self.head)
            self.header.find(self.dev, self.head)
            self.newest_session = self.header.session
        self.doubtful = (self.head + 1, self.tail + self.count - 1)
        self.settle()

    def settle(self):
        """Give the newest session, if it says nothing yet, its status: closed if its last record is a CLOSE, else interrupted."""
        for s in self._walk():
            if not s.flags & (CLOSED | INTERRUPTED):
                done = ring_scan.ends_with_close(self.dev, self.head % self.count)
                self.set_status(s.lowest, CLOSED if done else INTERRUPTED)
            return

    # --- what is there

    @property
    def ready(self):
        """Erased blocks ahead of the head: what a run may use."""
        return self.erased_to - self.head

    @property
    def free(self):
        """Blocks that hold nothing, whether erased already or not."""
        return self.count - (self.head - self.tail + 1)

    def sessions(self):
        """The sessions, newest first (a generator; two reads each)."""
        for s in self._walk():
            if not s.remnant:
                yield s

    def find(self, number):
        """The session of this number, or None."""
        for s in self.sessions():
            if s.number == number:
                return s
        return None

    def space(self):
        """(free, erasable, held) blocks: empty, could be made so now, and kept by sessions that nobody has verified."""
        erasable = held = 0
        for s in self._walk():
            if s.erasable:
                erasable += s.blocks
            else:
                held += erasable + s.blocks  # what lies behind it must wait: space is freed from the oldest end only
                erasable = 0
        within = max(0, self.head - ring_scan.kept(self.count) - self.tail + 1)
        return self.free, min(erasable, within), held

    def next_session(self, counter):
        """Number of the next session: counter is the last one that another place (littlefs) remembers, 0 if none."""
        return max(self.newest_session, counter) + 1

    def read(self, write_count, offset, buf):
        """Fill buf with bytes of a block."""
        self.dev.read(write_count % self.count, offset, buf)

    # --- what becomes of it, at rest

    def mark_verified(self, number):
        """The host has pulled this session and every check held. False if there is none of this number."""
        return self._mark(number, VERIFIED)

    def give_up(self, number):
        """The wearer lets this session go unverified. False if there is none of this number."""
        return self._mark(number, GIVEN_UP)

    def prepare(self, wanted):
        """Have `wanted` erased blocks ahead of the head, erasing the oldest verified or given-up sessions for it; returns how many there are."""
        while ring_space.work(self, wanted):
            pass
        return self.ready

    def work(self, wanted):
        """One step of `prepare`, at most about 0.1 s of flash time; False when there is nothing left that it could do."""
        return ring_space.work(self, wanted)

    def set_status(self, write_count, flags):
        """Set status bits of a block; those that are set stay set."""
        if self.header.find(self.dev, write_count):
            self._status[0] = self.header.status & ~flags & 0xFF
            self.dev.program(write_count % self.count, STATUS_AT, self._status, 0, 4)

    def kill(self, write_count):
        """Make a block's header unreadable for good: half erased, it must not be taken for a whole one."""
        self.dev.program(write_count % self.count, 0, self._zeros, 0, OPENING)

    def forget_oldest(self):
        """The oldest block is erased, or none of ours: go on to the next that has a header."""
        w = self.tail + 1
        while w < self.head and not self.header.find(self.dev, w):
            w += 1
        self.tail = w

    # --- while a session is written

    def begin(self, number):
        """A new session is to be written from the next block on. False if no erased block stands ready.

        Raises ValueError unless number is above all there are: sessions are in order in the ring.
        """
        if number <= self.newest_session:
            raise ValueError("session number")
        if self.ready < 1:
            return False
        self.settle()
        self.newest_session = number
        return True

    def open_block(self, number, sequence):
        """Program the header of the next block: block `number` of the newest session, whose first record has this sequence.

        Only with `ready` above 0. A Ctrl-C anywhere in it leaves the ring as before: it is done again with the same bytes.
        """
        w = self.head + 1
        fill(self._opening, self.newest_session, number, w, sequence)
        self.dev.program(w % self.count, 0, self._opening, 0, OPENING)
        self.head = w

    def program(self, at, buf, start, n):
        """Program n bytes of buf from `start` at offset `at` of the newest block."""
        self.dev.program(self.head % self.count, at, buf, start, n)

    def distrust(self):
        """The device failed: what is ahead is looked at again by the next `prepare`."""
        self.erased_to = self.head

    # --- inside

    def _mark(self, number, flag):
        s = self.find(number)
        if s is None:
            return False
        self.set_status(s.lowest, flag)
        return True

    def _walk(self):
        """All sessions and remnants, newest first. Blocks without a readable header belong to the session before them."""
        h, dev = self.header, self.dev
        last = w = self.head
        while w >= self.tail:
            if not h.find(dev, w):
                w -= 1
                continue
            number, first, seen = h.session, w - h.number, w
            w = max(first, self.tail)
            while not (h.find(dev, w) and h.session == number) and w < seen:
                w += 1
            yield Session(number, first, w, last, h.flags)
            last = w = max(first, self.tail) - 1
