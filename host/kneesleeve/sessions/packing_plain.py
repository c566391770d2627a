"""RAW records with codec 0: nothing is packed. For writers that do not pack; sleeves do not write them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kneesleeve.sessions.packing_records import MAX_BATCH_SAMPLES, MAX_BATCHES, MAX_PAYLOAD, TICKS

CODEC = 0
_HEAD = np.dtype([("batch", "<u4"), ("batches", "u1"), ("codec", "u1"), ("zero", "<u2")])
_ROW = np.dtype([("ticks", "<u4"), ("mv", "<i2"), ("n_shank", "u1"), ("n_thigh", "u1")])
_SAMPLE = 12  # bytes: 6 int16


def is_plain(payload: bytes) -> bool:
    """True if this is a RAW payload with codec 0."""
    return len(payload) >= _HEAD.itemsize and payload[5] == CODEC


def decode_plain(payload: bytes) -> tuple[NDArray, ...]:
    """batch, ticks_us, flex_mv, n_shank, n_thigh [n], shank, thigh [sum, 6]. Raises ValueError."""
    head = np.frombuffer(payload, _HEAD, 1)[0]
    n = int(head["batches"])
    middle = _HEAD.itemsize + n * _ROW.itemsize
    if not 1 <= n <= MAX_BATCHES:
        raise ValueError("number of batches")
    if not middle <= len(payload) <= MAX_PAYLOAD:
        raise ValueError("length")
    table = np.frombuffer(payload, _ROW, n, _HEAD.itemsize)
    n_shank, n_thigh = (table[name].astype(np.int64) for name in ("n_shank", "n_thigh"))
    if max(n_shank.max(), n_thigh.max()) > MAX_BATCH_SAMPLES or table["ticks"].max() >= TICKS:
        raise ValueError("batch table")
    if len(payload) != middle + _SAMPLE * int(n_shank.sum() + n_thigh.sum()):
        raise ValueError("length of the samples")
    samples = np.frombuffer(payload, "<i2", offset=middle).astype(np.int16).reshape(-1, 6)
    shank, thigh = samples[: n_shank.sum()], samples[n_shank.sum() :]
    batch = int(head["batch"]) + np.arange(n)
    return batch, table["ticks"].astype(np.int64), table["mv"].astype(np.int16), n_shank, n_thigh, shank, thigh
