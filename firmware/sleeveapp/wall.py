"""What the board's clock means in wall time, once a host has said so; forgotten at a reset."""


class WallClock:
    """Good for some days after `set`: the board's counter of milliseconds wraps. Allocates: for rest only."""

    def __init__(self, clock):
        self._clock = clock
        self._unix_ms = self._ticks_ms = None

    def set(self, unix_ms):
        """It is this time now (milliseconds since 1970, UTC)."""
        self._ticks_ms, self._unix_ms = self._clock.ticks_ms(), unix_ms

    def now_ms(self, ticks_ms):
        """Unix time in ms at a value of the board's counter, None if nobody has set it."""
        if self._unix_ms is None:
            return None
        return self._unix_ms + self._clock.ticks_diff(ticks_ms, self._ticks_ms)
