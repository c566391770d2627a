"""Making room at rest (docs/format.md "The ring"): which block is erased next, and when one counts as erased.

An erase that a cut stopped may leave anything, even what reads as erased. So before a block is erased its header is
destroyed (a half-erased block is never taken for a whole one), its session's next block has its status by then (a
half-erased session is never taken for one that nobody has verified), and a block counts as erased only when every
byte of it was seen to be, in this life; the two that the last life may have left in the middle are erased anyway.
"""

from .compat import const, micropython, ptr8
from .ring_header import BLOCK, FREE_TO_ERASE, Header
from .ring_scan import kept

_CHUNK = const(512)


@micropython.viper
def _blank(buf: ptr8, n: int) -> int:
    for i in range(n):
        if buf[i] != 255:
            return 0
    return 1


def blank(dev, place):
    """True if every byte of the block reads as erased."""
    chunk = bytearray(_CHUNK)
    for at in range(0, BLOCK, _CHUNK):
        dev.read(place, at, chunk)
        if not _blank(chunk, _CHUNK):
            return False
    return True


def work(ring, wanted):
    """One step towards `wanted` erased blocks ahead of the head; False when nothing is left to do or nothing can be done."""
    if ring.ready >= wanted:
        return _is_remnant(ring) and _erase_oldest(ring)  # a session goes as a whole
    if ring.erased_to + 1 < ring.tail + ring.count:
        return _clean(ring, ring.erased_to + 1)
    return _erase_oldest(ring)


def _is_remnant(ring):
    h = ring.header
    return ring.tail < ring.head and h.find(ring.dev, ring.tail) and h.number > 0 and h.flags & FREE_TO_ERASE != 0


def _clean(ring, w):
    """See to it that the free block with write count w to come is erased. False if it cannot be (worn out)."""
    place = w % ring.count
    if w in ring.doubtful or not blank(ring.dev, place):
        if ring.header.look(ring.dev, place):
            # a good block where none should be: boot did not see it behind damaged ones. The ring ends before it
            if ring.header.write_count == w - ring.count:
                ring.tail = w - ring.count
                return True
            if ring.header.write_count != w:  # this one was left by a device that failed while it was opened
                return False
        ring.dev.erase(place)
        if not blank(ring.dev, place):
            return False
    ring.erased_to = w
    return True


def _erase_oldest(ring):
    """A step of erasing the oldest block, if its session is verified or given up and it is far enough from the head; else False."""
    w, h = ring.tail, ring.header
    if w > ring.head - kept(ring.count):
        return False
    if ring.doubtful[1] > max(ring.head, ring.erased_to):
        ring.dev.erase(
            ring.doubtful[1] % ring.count
        )  # once there is a newer last erase, no boot would suspect it again
        ring.doubtful = (ring.doubtful[0], -1)
        return True
    if h.find(ring.dev, w):
        if not h.flags & FREE_TO_ERASE:
            return False
        _pass_on(ring, w, h.session, h.flags)
        ring.kill(w)
        ring.dev.erase(w % ring.count)
    ring.forget_oldest()
    return True


def _pass_on(ring, w, session, flags):
    """Give the session's status to its next block, before this one goes."""
    following = Header()
    while w < ring.head:
        w += 1
        if following.find(ring.dev, w):
            if following.session == session and following.flags & flags != flags:
                ring.set_status(w, flags)
            return
