"""The push button, active low, debounced by being looked at every 20 ms."""

from micropython import const

_LOOKS = const(2)  # it must be down this many times in a row


class Button:
    """Call `pressed` once a loop; it is True once for each press."""

    def __init__(self, pin):
        self._pin = pin
        self._down = 0

    def pressed(self):
        """True once, when the button has been down for two looks."""
        if self._pin.value():
            self._down = 0
            return False
        if self._down < _LOOKS:
            self._down += 1
            return self._down == _LOOKS
        return False
