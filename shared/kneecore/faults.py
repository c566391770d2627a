"""Fault codes: small integers on the device; their words are in fault_table.py."""

NONE = 0
FLEX_MISSING = 1
FLEX_DEGRADED = 2
IMU_THIGH = 3
IMU_SHANK = 4
FIFO_OVERRUN = 5
STORAGE_FULL = 6
STORAGE_ERROR = 7
BAD_CONFIG = 8
DONNING_REFUSED = 9
BUSY = 10
NOT_FOUND = 11
BAD_REQUEST = 12
LOOP_STALL = 13
