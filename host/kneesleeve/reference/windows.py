"""Rows of consecutive samples cut out of a stream."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", np.int16, np.int32, np.int64)


def windows(stream: NDArray[Scalar], first: NDArray[np.int64], width: int) -> NDArray[Scalar]:
    """stream[first : first + width] for each of W starts >= 0: [W, width] or, of a [K, 3] stream, [W, width, 3].

    Past the end of the stream its last sample is repeated.
    """
    step = stream[0].size
    whole = first + width <= len(stream)
    out = np.empty((len(first), width * step), stream.dtype)
    if whole.any():
        out[whole] = sliding_window_view(np.ascontiguousarray(stream).reshape(-1), width * step)[first[whole] * step]
    out = out.reshape(len(first), width, *stream.shape[1:])
    out[~whole] = stream.take(first[~whole, None] + np.arange(width), axis=0, mode="clip")
    return out
