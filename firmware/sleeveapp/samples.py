"""Which samples go into the record: all, those around cues, or none; and the STATE records that a reader goes on from.

Levels are those of docs/format.md. At the level `windows` samples are held in RAM from each stride on, behind the state
at that moment; a cue releases them, the next stride without one takes them back. Nothing is allocated in a run.
"""

from micropython import const

from kneecore import records as r
from kneecore.packing import Packer
from kneecore.records import put_event, put_u32

STATE_EVERY = const(500)  # batches of raw: 10 s
_TRIES = const(10)  # batches after a stride in which its state may be written: it grows towards the next
_LONGEST = const(150)  # batches that a window goes on behind its last cue, where no stride ends it
_KIND = const(1)  # of STATE: the detector's
_HEAD = const(8)


class Samples:
    """`batch` for every batch, `stride` before and `strode` after each stride's record, `after` when a batch is done.

    on: samples, and the motor's ons and offs, go into the record now. pause: batches from a window's end to the next.
    """

    def __init__(self, queue):
        self._queue, self._packer = queue, Packer()
        self.pause = 0
        self.start(r.LEVEL_STRIDES)

    def start(self, level):
        """Begin a session at this level."""
        self._packer.drop()
        self.level = level
        self.on = level == r.LEVEL_RAW
        self._open_at = -1  # sequence of a RAW that was begun
        self._tries = _TRIES if self.on else 0
        self._state_at = self._until = self._next = 0

    def stop(self, batch):
        """From here on strides only."""
        self.drop()
        if self.on and self.level == r.LEVEL_WINDOWS:
            self._end_window(batch)
        self.close(batch)
        self.level = r.LEVEL_STRIDES
        self.on = False
        self._tries = 0

    @property
    def would_hold(self):
        """True if samples would be held now, once all that waits is written."""
        return self._tries > 0 and self.level == r.LEVEL_WINDOWS and not self.on

    def batch(self, batch, ticks_us, mv, shank, n_shank, thigh, n_thigh):
        """One batch as drained."""
        if self.on and self.level == r.LEVEL_WINDOWS and batch > self._until:
            self._end_window(batch - 1)  # of this batch nothing is recorded any more
        if not (self.on or self._queue.holding):
            return
        packer = self._packer
        if not packer.add(batch, ticks_us, mv, shank, n_shank, thigh, n_thigh):
            self.close(batch)
            if self.on or self._queue.holding:  # else there was no room for what was held
                packer.add(batch, ticks_us, mv, shank, n_shank, thigh, n_thigh)
        if packer.due(batch):
            self.close(batch)

    def stride(self, batch, cued):
        """A stride is about to be recorded: with a cue, what is held about it comes before it (any record without lets it go)."""
        q = self._queue
        if self.level == r.LEVEL_RAW:
            if batch - self._state_at >= STATE_EVERY:
                self._tries = _TRIES
        elif cued:
            self._until = batch + _LONGEST
            if q.holding:
                self.close(batch)
            if q.holding:
                q.release(batch)
                self.on = True

    def strode(self, batch, cued):
        """A stride was recorded: one without a cue ends the window, and what comes next may be the beginning of one."""
        if self.level != r.LEVEL_WINDOWS:
            return
        if self.on and not cued:
            self._end_window(batch)
        if not self.on and batch >= self._next:
            self._tries = _TRIES

    def lost(self):
        """Samples were lost: a reader can go on from the state behind the loss."""
        if self.level == r.LEVEL_RAW:
            self._tries = _TRIES
            self._state_at = -STATE_EVERY  # every stride tries, until it is written

    def after(self, pipe):
        """Write the state, where one is due and there is room."""
        if not self._tries or not pipe.running:
            return
        self._tries -= 1
        if self.level == r.LEVEL_RAW:
            self._state(pipe)
        elif self.level == r.LEVEL_WINDOWS and not self.on and self._queue.hold():
            if not (self._event(pipe.batches, r.E_WINDOW, 1) and self._state(pipe)):
                self.drop()

    def drop(self):
        """Take back what is held."""
        if self._queue.holding:
            self._packer.drop()
            self._queue.discard()
            self._open_at = -1

    def close(self, batch):
        """Batches that wait in the packer become a RAW record: it stands before all that is said of its last batch."""
        q, packer = self._queue, self._packer
        if self._open_at >= 0:  # a Ctrl-C came when one was half done
            if self._open_at == q.sequence and not packer.batches:
                q.commit(batch)
            self._open_at = -1
        if not packer.batches:
            return
        n = packer.size()
        at = q.begin(r.RAW, n) if n <= r.MOST_RAW else -1
        if at < 0:
            self._no_room()
            return
        self._open_at = q.sequence
        packer.pack(q.buffer, at)
        q.commit(batch)
        self._open_at = -1

    def _no_room(self):
        if self._queue.holding:
            self.drop()
        else:
            self._queue.overrun(self._packer.first - 1, self._packer.samples)
            self._packer.drop()
            self.lost()

    def _end_window(self, batch):
        self.close(batch)
        self._event(batch, r.E_WINDOW, 0)
        self.on = False
        self._next = batch + self.pause

    def _event(self, batch, code, argument):
        q = self._queue
        at = q.begin(r.EVENT, 12)
        if at < 0:
            q.overrun(batch, 0)
            self.lost()
            return False
        put_event(q.buffer, at, batch, code, argument)
        q.commit(batch)
        return True

    def _state(self, pipe):
        """A STATE record; False if there is no room, or the state is too long just now."""
        q, batch = self._queue, pipe.batches
        self.close(batch)
        at = q.begin(r.STATE, r.MOST_META)
        n = pipe.save(q.buffer, at + _HEAD, r.MOST_META - _HEAD) if at >= 0 else 0
        if not n:
            return False
        put_u32(q.buffer, at, batch)
        put_u32(q.buffer, at + 4, _KIND)
        q.shorten(_HEAD + n)
        q.commit(batch)
        self._tries, self._state_at = 0, batch
        return True
