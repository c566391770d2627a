"""The LiPo cell behind a 1:1 divider on an ADC pin."""


class Battery:
    """Reads the cell's voltage."""

    def __init__(self, adc):
        self._adc = adc

    def read_mv(self):
        """Cell voltage in mV (the divider halves it)."""
        return self._adc.read_uv() // 500
