"""From a bare ESP32 to a sleeve: image, partition table, file system, and the bootloader that takes them.

Only this package knows esptool.
"""
