"""The sleeve's algorithm in integers: one text for ESP32, virtual sleeve and CPython. Specification: docs/detector.md."""
