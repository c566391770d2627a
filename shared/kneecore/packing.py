"""RAW records, packed (docs/format.md, Packing): batches go in one by one, a payload of known length comes out.

The writer's loop: `add` every batch; where it says False, `size` and `pack`, then `add` again; `pack` also where `due` says so.
"""

from array import array

from .compat import const
from .packing_kernel import (
    BATCHES,
    BEFORE,
    FIRST,
    FIRST_TICKS,
    FULL,
    RESIDUALS,
    UNARY,
    fresh_state,
    plan,
    put,
    renew,
    take,
)

LIMIT = const(1000)  # bytes of payload: four such records fill a block
MAX_LIMIT = const(1024)
MAX_PAYLOAD = const(1764)  # of a record of one batch: 2 * 64 samples at 18 bits a value; it cannot be split
RECORD_BATCHES = const(25)  # half a second
CODEC = const(1)
_HEAD = const(12)
_OVERHEAD = const(12)  # a record's header and CRC


def limit_for(room):
    """Payload limit that lets records of equal size fill `room` bytes of a block; LIMIT where the room is not worth a record."""
    records = (room + MAX_LIMIT + _OVERHEAD - 1) // (MAX_LIMIT + _OVERHEAD)
    limit = (room // records - _OVERHEAD) & ~3 if records else 0
    return limit if limit >= LIMIT // 4 else LIMIT


class Packer:
    """The batches of one RAW record. `limit`: bytes of payload that they may take; what is held stays when it is lowered.

    Nothing is allocated once it is made.
    """

    def __init__(self):
        self.limit = LIMIT
        self._row = array("H", bytearray(8))
        self._u = array("H", bytearray(2 * RESIDUALS))
        self._st = fresh_state()
        self._powers = array("H", [1 << i for i in range(15)])

    def add(self, batch, ticks_us, mv, shank, n_shank, thigh, n_thigh):
        """Take a batch (samples: int16 arrays of 6 channels, 0 ... 64 each; ticks_us modulo 2^30; mv -1 for none).

        False: it does not belong into this record, which must be packed first. An empty packer takes any batch.
        """
        st = self._st
        if not st[BATCHES]:
            renew(st)
        longest = take(batch, ticks_us, mv, shank, n_shank, thigh, n_thigh, self._row, self._u, st)
        if longest <= self.limit:
            return longest > 0
        if st[BATCHES] == 1 or plan(self._u, st, self._powers) <= self.limit:
            return True
        for i in range(3):
            st[BATCHES + i] = st[BEFORE + i]
        st[FULL] = 1
        return False

    @property
    def batches(self):
        """How many it holds."""
        return self._st[BATCHES]

    @property
    def first(self):
        """Number of the first batch it holds."""
        return self._st[FIRST]

    @property
    def samples(self):
        """How many of the shank's samples it holds."""
        return self._st[BATCHES + 1]

    def drop(self):
        """Forget the batches it holds."""
        self._st[BATCHES] = 0

    def due(self, batch):
        """True if the record must be written after this batch."""
        return self._st[BATCHES] > 0 and batch - self._st[FIRST] >= RECORD_BATCHES - 1

    def size(self):
        """Length of the payload that `pack` will write, in bytes."""
        return plan(self._u, self._st, self._powers)

    def pack(self, out, at):
        """Write the payload to out[at:] and be empty; returns its length. Interrupted before its end, it may be called again."""
        st = self._st
        plan(self._u, st, self._powers)
        end = put(out, at + _HEAD, self._u, st, self._powers)
        _put(out, at, st[FIRST], 4)
        out[at + 4] = st[BATCHES]
        out[at + 5] = CODEC
        _put(out, at + 6, (st[UNARY] + 7) >> 3, 2)
        _put(out, at + 8, st[FIRST_TICKS], 4)
        st[BATCHES] = 0
        return end - at


def _put(out, at, value, n):
    """An unsigned value as n bytes, little endian."""
    for i in range(n):
        out[at + i] = value & 255
        value >>= 8
