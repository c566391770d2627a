"""The flex sensor: a divider on an ADC pin, read through the chip's own calibration."""


class FlexSensor:
    """Reads millivolts. `read_uv` applies the calibration burnt into the chip; raw counts are non-linear."""

    def __init__(self, adc):
        self._adc = adc

    def read_mv(self):
        """Divider voltage in mV."""
        return (self._adc.read_uv() + 500) // 1000
