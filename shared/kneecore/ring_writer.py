"""Takes finished records out of the queue and programs them into the ring, block after block. Allocates nothing."""

from .compat import const
from .records import CLOSE
from .ring_header import BLOCK, CLOSED, HEADER

PIECE = const(1024)  # bytes that go in one program call, if the next record alone is not longer
RESERVE = const(128)  # bytes of the last block that only the end of a session may use: DROPOUT, EVENTs, CLOSE


class RingWriter:
    """Writer of one session after the other; all of it can be done again after a Ctrl-C at any place.

    full: the ring has no room for the record that comes next. broken: the device failed; nothing more is written.
    """

    def __init__(self, ring, queue):
        self._ring, self._queue = ring, queue
        self._first = 0  # write count of the session's block 0
        self._block = self._mark = -1  # the open block's write count, and `queue.taken` when it was opened
        self._ending = False
        self.full = self.broken = False

    def open(self, number):
        """Begin session `number` with an empty queue. False if no erased block stands ready: nothing can be recorded."""
        if not self._ring.begin(number):
            return False
        self._queue.restart()
        self._first = self._ring.head + 1
        self._block = -1
        self.full = self.broken = self._ending = False
        return True

    @property
    def left(self):
        """Bytes of records that still go to the flash before it is full, headers of blocks not counted."""
        ring = self._ring
        rest = BLOCK - self._at() if ring.head >= self._first else 0
        return max(0, rest + ring.ready * (BLOCK - HEADER) - RESERVE)

    def write_some(self, limit=PIECE):
        """Program what waits, oldest first, until at least `limit` bytes went or nothing more can; returns the bytes.

        A program call takes whole records, several where they fit into PIECE bytes. An OSError of the device leaves
        the record in the queue and sets `broken`.
        """
        done = 0
        try:
            while done < limit and not self.broken:
                n = self._next()
                if not n:
                    break
                done += n
        except OSError:
            self.broken = True
            self._ring.distrust()
            raise
        return done

    def flush(self):
        """Write all that waits. False if the ring has no room for it: `queue.drop()` before the session is ended."""
        while self.write_some(BLOCK):
            pass
        return self._queue.empty

    def close(self):
        """Write what waits, at most RESERVE bytes with the CLOSE record as the last, and set the session's status to closed.

        Call `flush` first. False if the device failed: then the session counts as interrupted at the next boot.
        """
        self.end()
        if self.broken or not self._queue.empty or self._ring.head < self._first:
            return False
        self._ring.set_status(self._first, CLOSED)
        return True

    def end(self):
        """The first half of `close`: the records, without the status. For an end within a run, which may not allocate."""
        self._ending, self.full = True, False
        self.flush()

    def _next(self):
        """One program call for records, preceded by one for a header where a block is full; bytes of records, 0 if none."""
        ring, q = self._ring, self._queue
        size = q.run(0)
        if not size or self.full:
            return 0
        at = self._at()
        if at + size > self._end():
            if not ring.ready:
                self.full = True
                return 0
            ring.open_block(ring.head + 1 - self._first, q.next_sequence)
            at = self._at()
            if at + size > self._end():
                self.full = True
                return 0
        room = self._end() - at
        size = q.run(room if room < PIECE else PIECE)
        ring.program(at, q.buffer, q.tail, size)
        q.take(size)
        return size

    def _at(self):
        """Where the next record belongs in the open block; BLOCK if there is none of this session.

        It follows from counts that change in one step each, so that a Ctrl-C cannot leave them at odds.
        """
        ring, q = self._ring, self._queue
        if ring.head < self._first:
            return BLOCK
        if self._block != ring.head:
            self._mark = q.taken
            self._block = ring.head
        return HEADER + q.taken - self._mark

    def _end(self):
        """Where records must end in the open block."""
        return BLOCK if self._ending or self._ring.ready else BLOCK - RESERVE


assert CLOSE == 7
