"""The checks of packed RAW records, many at a time: what is left can be read without looking again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kneesleeve.sessions.packing_bits import MAX_RESIDUAL, PREDICTORS, Ints, Rests, quotients, spans, values

CODEC = 1
MAX_PAYLOAD = 3984  # bytes: what a block holds; sleeves write at most 1764
MAX_K = 14
MAX_BATCHES, MAX_SAMPLES, MAX_BATCH_SAMPLES = 32, 256, 64  # in a record; of a chip in a record; of a chip in a batch
TICKS = 1 << 30
TABLE = slice(0, 4)
SAMPLES = slice(4, 16)
_PREFIX = np.dtype(
    [("batch", "<u4"), ("batches", "u1"), ("codec", "u1"), ("unary", "<u2"), ("ticks", "<u4"),
     ("coding", "u1", 16), ("first", "<i2", 16)]
)  # fmt: skip


class Records:
    """The good ones of some payloads: arrays with a row per record, of which `keep` drops those that fail a check.

    index: of the payload. bad: index -> what is wrong with it. table, samples: set when the batch table has been read.
    """

    table: Ints
    samples: Ints

    def __init__(self, payloads: Sequence[bytes], offset: int) -> None:
        self.bad: dict[int, str] = {}
        self.index = np.arange(len(payloads)) + offset
        filled = b"".join(p[: _PREFIX.itemsize].ljust(_PREFIX.itemsize, b"\0") for p in payloads)
        self.prefix = np.frombuffer(filled, dtype=_PREFIX)
        self.length = np.array([len(p) for p in payloads], dtype=np.int64)
        self.unary_bytes = self.prefix["unary"].astype(np.int64)
        self.batches = self.prefix["batches"].astype(np.int64)
        self.k = (self.prefix["coding"] & 15).astype(np.int64)
        self.predictor = self.prefix["coding"].astype(np.int64) >> 4
        self.samples = np.zeros((len(payloads), 2), dtype=np.int64)
        self._check_prefix()
        self._find_strings([payloads[i] for i in (self.index - offset).tolist()])

    def _check_prefix(self) -> None:
        self.keep((self.length >= _PREFIX.itemsize) & (self.length <= MAX_PAYLOAD), "length")
        self.keep(self.prefix["codec"] == CODEC, "unknown codec")
        self.keep((self.batches > 0) & (self.batches <= MAX_BATCHES), "number of batches")
        self.keep(self.prefix["ticks"] < TICKS, "ticks")
        known = (self.k <= MAX_K) & (self.predictor < len(PREDICTORS))
        self.keep(np.all(known, axis=1), "unknown coding")
        self.rest_bytes = self.length - _PREFIX.itemsize - self.unary_bytes

    def _find_strings(self, payloads: Sequence[bytes]) -> None:
        middle = (self.unary_bytes + _PREFIX.itemsize).tolist()
        found = quotients([p[_PREFIX.itemsize : m] for p, m in zip(payloads, middle, strict=True)])
        self._quotients = (found.values,)  # not per record, so not an attribute that `keep` cuts
        self._rests = Rests([p[m:] for p, m in zip(payloads, middle, strict=True)])
        self.first_quotient, self.n_quotients, self.used_bytes = found.first, found.count, found.bytes
        self.place = np.arange(len(payloads))

    def keep(self, good: NDArray[np.bool_], why: str) -> None:
        """Drop the records that are not `good` (bool [R])."""
        if not good.all():
            self.bad.update(dict.fromkeys(self.index[~good].tolist(), why))
            for name, array in vars(self).items():
                if isinstance(array, np.ndarray):
                    setattr(self, name, array[good])

    def keep_complete(self, columns: slice, counts: Ints, *, last: bool = False) -> None:
        """Drop records with strings too short for `counts` [R, C] residuals of the columns; `last`: or too long."""
        bits, n = (self.k[:, columns] * counts).sum(axis=1), counts.sum(axis=1)
        rest = (bits + 7) >> 3
        if last:
            good = (n == self.n_quotients) & (self.used_bytes == self.unary_bytes) & (rest == self.rest_bytes)
        else:
            good = (n <= self.n_quotients) & (rest <= self.rest_bytes)
        self.keep(good, "length of the samples" if last else "length of the batch table")

    def read(self, columns: slice, counts: Ints, before: Ints) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """Values int16 [T, R, C] of these columns, `counts` [R, C] residuals each, behind columns with `before` [R, c].

        And which records are good (bool [R]): no residual beyond 16 bits. `keep_complete` must have gone before.
        """
        k, k_before = self.k[:, columns], self.k[:, : columns.start]
        n = counts.sum(axis=1)
        high = self._quotients[0][spans(self.first_quotient + before.sum(axis=1), n)]
        low = self._rests.read(self.place, (k_before * before).sum(axis=1), k, counts)
        residuals = high << np.repeat(k.ravel(), counts.ravel()) | low
        owner = np.repeat(np.arange(len(counts)), n)
        good = np.bincount(owner[residuals > MAX_RESIDUAL], minlength=len(counts)) == 0
        first = self.prefix["first"][:, columns]
        return values(np.minimum(residuals, MAX_RESIDUAL), counts, self.predictor[:, columns], first), good
