"""Finished records wait here, in RAM, between the sampler and the flash (docs/format.md "Record").

One buffer, used round and round. A record stands in one piece, byte for byte as it goes to the flash; where it would
not fit before the buffer's end it goes to the start. A record exists from `commit` on, a Ctrl-C before that leaves
none; the words that make it exist change in one viper call, which nothing interrupts.

While it is empty it can `hold` what comes next: records that nobody sees until `release`, or that `discard` takes back,
sequences and all. So the samples before a cue wait for it without costing flash.
"""

from array import array

from .compat import const, micropython, ptr32
from .records import (
    BOTH_CHIPS,
    DROPOUT,
    LOST_RAM,
    RAW,
    RECORD_HEADER,
    SEQUENCE_MASK,
    copy_bytes,
    most,
    put_u32,
    room,
    seal,
    size_at,
)

MOST_WAIT = const(24)  # batches (0.48 s): the batch that notices it still comes within 0.5 s
PRESSING = const(1536)  # bytes: so much does not wait for the next swing
KEPT = const(1024)  # bytes that RAW leaves to the others: they tell what went wrong
_KEPT_HOLDING = const(256)  # what RAW leaves while it is held: room for the stride that releases it, and for its cue
_DROPOUT_BYTES = const(12)

_HEAD, _TAIL, _WRAP, _SEQUENCE, _TAKEN = range(5)
_NO_WRAP = const(0x3FFFFFFF)


@micropython.viper
def _commit(words: ptr32, head: int, wrap: int):
    words[0] = head
    words[2] = wrap
    words[3] = (words[3] + 1) & 0xFFFFFF


@micropython.viper
def _take(words: ptr32, n: int):
    """n bytes are on the flash; an empty queue starts at the buffer's start again."""
    words[4] = words[4] + n
    tail = words[1] + n
    if tail == words[2]:
        tail = 0
        words[2] = 0x3FFFFFFF
    if tail == words[0]:
        tail = 0
        words[0] = 0
    words[1] = tail


@micropython.viper
def _clear(words: ptr32, sequence: int):
    words[0] = 0
    words[1] = 0
    words[2] = 0x3FFFFFFF
    words[3] = sequence


class RecordQueue:
    """Records of one session. `now` is the batch number (20 ms each, rising). Only `record` and an error allocate.

    begin, put, commit: one record, by its writer. run, take: whole records in order, by the flash's writer; not between
    a begin and its commit.
    """

    def __init__(self, size=8192):
        self.buffer = bytearray(size)
        self._size = size
        self._words = array("i", bytearray(20))
        self._kind = self._n = self._at = 0
        self._since = 0
        self.holding = False
        self._held = 0  # sequence of the first record held
        self._owed = False  # a DROPOUT: records found no room
        self._owed_batch = self._owed_samples = 0
        self.restart()

    def restart(self):
        """Empty, for a new session: sequence 0."""
        self.holding = False
        _clear(self._words, 0)
        self._words[_TAKEN] = 0
        self._owed = False
        self._owed_batch = self._owed_samples = 0

    @property
    def empty(self):
        """True if no record waits for the flash."""
        return self.holding or self._words[_HEAD] == self._words[_TAIL]

    @property
    def tail(self):
        """Offset in `buffer` of the oldest record."""
        return self._words[_TAIL]

    @property
    def taken(self):
        """Bytes taken since the session's start."""
        return self._words[_TAKEN]

    @property
    def next_sequence(self):
        """Sequence of the oldest record: all before it are on the flash. That of the next one if none waits."""
        if self.holding:
            return self._held
        if self.empty:
            return self._words[_SEQUENCE]
        b, at = self.buffer, self._words[_TAIL]
        return b[at + 4] | (b[at + 5] << 8) | (b[at + 6] << 16)

    @property
    def sequence(self):
        """That of the record that is committed next."""
        return self._words[_SEQUENCE]

    def due(self, now):
        """True if a record has waited so long, or so much waits, that it must go to the flash now."""
        w = self._words
        if self.holding or w[_HEAD] == w[_TAIL]:
            return False
        return now - self._since >= MOST_WAIT or not 0 < w[_HEAD] - w[_TAIL] <= PRESSING

    def begin(self, kind, n):
        """Open a record of n payload bytes; returns where in `buffer` they belong, or -1 if there is no room: then say `overrun`.

        A record that was begun and not committed is dropped. Raises ValueError if n is more than the format allows.
        """
        if n > most(kind):
            raise ValueError("record too long")
        kept = (_KEPT_HOLDING if self.holding else KEPT) if kind == RAW else 0
        if self._owed:
            if self._place(room(_DROPOUT_BYTES) + room(n), kept) < 0:
                return -1
            self._pay()
        at = self._place(room(n), kept)
        if at < 0:
            return -1
        self._kind, self._n, self._at = kind, n, at
        return at + RECORD_HEADER

    def shorten(self, n):
        """The record that was begun has only n payload bytes."""
        self._n = n

    def put(self, at, source, n):
        """Copy the first n bytes of `source` to offset `at` of `buffer`."""
        copy_bytes(self.buffer, at, source, 0, n)

    def commit(self, now):
        """Close the record that was begun: from now on it waits for the flash."""
        w, at = self._words, self._at
        if self.empty:
            self._since = now
        seal(self.buffer, at, self._kind, self._n, w[_SEQUENCE])
        _commit(w, at + room(self._n), w[_HEAD] if at < w[_HEAD] else w[_WRAP])

    def record(self, kind, payload, now):
        """A whole record from bytes; False if there is no room."""
        at = self.begin(kind, len(payload))
        if at < 0:
            return False
        self.put(at, payload, len(payload))
        self.commit(now)
        return True

    def hold(self):
        """From here on records are held. False where they are already, something waits for the flash, or a DROPOUT is owed."""
        if self.holding or not self.empty or self._owed:
            return False
        self._held = self._words[_SEQUENCE]
        _clear(self._words, self._held)  # they begin at the buffer's start: the longest finds its piece there
        self.holding = True
        return True

    def release(self, now):
        """What is held now waits for the flash, as records of the batch `now`."""
        self._since = now
        self.holding = False

    def discard(self):
        """What is held never was. Nothing happens where nothing is."""
        if self.holding:
            _clear(self._words, self._held)
            self.holding = False

    def overrun(self, batch, samples):
        """A record found no room: `samples` of both chips are lost behind `batch`. A DROPOUT says so before the next record."""
        if not self._owed:
            self._owed_batch, self._owed_samples = batch, 0
            self._owed = True
        self._owed_samples += samples

    def run(self, limit):
        """Bytes of the oldest records that stand in one piece: as many whole ones as `limit` bytes hold, at least one; 0 if none waits."""
        w = self._words
        if self.empty:
            return 0
        tail = w[_TAIL]
        end = w[_HEAD] if w[_HEAD] > tail else w[_WRAP]
        at = tail + size_at(self.buffer, tail)
        while at < end:
            size = size_at(self.buffer, at)
            if at + size - tail > limit:
                break
            at += size
        return at - tail

    def take(self, n):
        """The n bytes that `run` named are on the flash: give their room back."""
        _take(self._words, n)

    def drop(self):
        """Give up what waits or is held (the flash has no room for it); its sequences are used again."""
        _clear(self._words, self.next_sequence)
        self.holding = False

    def _place(self, size, kept):
        """Where a record of `size` bytes may stand so that a piece of `kept` bytes stays free behind it; -1: nowhere."""
        head, tail, end = self._words[_HEAD], self._words[_TAIL], self._size
        if head < tail:
            return head if size + kept < tail - head else -1
        if size <= end - head and (size + kept <= end - head or kept < tail):
            return head
        return 0 if size + kept < tail else -1

    def _pay(self):
        """The DROPOUT that is owed. Its batch comes before the record's that is begun next."""
        at = self._place(room(_DROPOUT_BYTES), 0)
        b = self.buffer
        p = at + RECORD_HEADER
        put_u32(b, p, self._owed_batch)
        put_u32(b, p + 4, BOTH_CHIPS | (LOST_RAM << 8))
        put_u32(b, p + 8, self._owed_samples)
        self._kind, self._n, self._at = DROPOUT, _DROPOUT_BYTES, at
        self._owed = False
        self.commit(self._owed_batch)


assert SEQUENCE_MASK == 0xFFFFFF  # the figure in _commit
