"""Board profiles: the only place, with the drivers, that knows `machine`. `Board` is that of the chip this runs on."""

import sys

if "ESP32S3" in sys.implementation._machine:
    from .esp32s3_devkit import Board as Board
else:
    from .esp32_devkit import Board as Board
