"""ESP32-S3 development board, wired like the ESP32's but to pins that the S3 has (docs/build.md)."""

from . import esp32_devkit


class Board(esp32_devkit.Board):
    """Clear of the strapping pins (0, 3, 45, 46), USB (19, 20), flash and octal RAM (26 ... 37) and the console (43, 44)."""

    name = "esp32s3_devkit"
    SCL, SDA = 9, 8
    FLEX, BATTERY = 4, 5  # ADC1
    MOTOR, BUTTON, LED = 6, 7, 15

    def _uart(self):
        """The console is the chip's own USB; at a bridge on the UART it stays at 115200 baud."""
        return None
