"""The status LED."""


class Led:
    """On, off."""

    def __init__(self, pin):
        self._pin = pin

    def on(self):
        """Light."""
        self._pin.value(1)

    def off(self):
        """Dark."""
        self._pin.value(0)
