"""The sleeve's app: sampling, recording, console and the states that tie them together."""

BUILD = "0.1.0"

_ROOM_BYTES = 48 * 1024  # of the recorder's and a run's buffers; the largest has 12 KiB


def _reserve():
    try:
        return [bytearray(_ROOM_BYTES)]
    except MemoryError:
        return []


ROOM = _reserve()  # held while everything is imported, so that what stays of that does not lie in between; then let go
