"""What the fault codes mean, in words: read by the host, never loaded on the device (its heap is small)."""

from .faults import *

# code: (name, what it means, what to do)
TABLE = {
    NONE: ("none", "no fault", ""),
    FLEX_MISSING: ("flex_missing", "the flex sensor gives no plausible voltage", "check the flex sensor's plug; the run goes on with the gyros only"),
    FLEX_DEGRADED: ("flex_degraded", "the flex sensor did not follow the squats", "put the sleeve on again; the run goes on with the gyros only"),
    IMU_THIGH: ("imu_thigh", "the thigh IMU does not answer as an LSM6DSO(X)", "check its cable and address (0x6A)"),
    IMU_SHANK: ("imu_shank", "the shank IMU does not answer as an LSM6DSO(X)", "check its cable and address (0x6B)"),
    FIFO_OVERRUN: ("fifo_overrun", "an IMU's FIFO ran over and samples were lost", "the gap is in the record; pull the run and look at its gaps"),
    STORAGE_FULL: ("storage_full", "the storage is full: the rest of the run was not recorded", "pull and erase old sessions"),
    STORAGE_ERROR: ("storage_error", "the storage refused a read or a write", "pull what is there, then check the flash"),
    BAD_CONFIG: ("bad_config", "the stored configuration is not usable; the last good one or the defaults are in force", "look with `sleeve config show`, then set or restore it"),
    DONNING_REFUSED: ("donning_refused", "the donning was refused", "stand still, squat slowly, and try again"),
    BUSY: ("busy", "the sleeve is in a run", "end the run with the button, then ask again"),
    NOT_FOUND: ("not_found", "there is no such session on the sleeve", "list what there is with: sleeve sessions"),
    BAD_REQUEST: ("bad_request", "the sleeve did not understand the request", "update toolkit and firmware to the same version"),
    LOOP_STALL: ("loop_stall", "the sampling loop stood still for more than a FIFO can hold", "the gap is in the record"),
    INTERNAL: ("internal", "the app met an error of its own and ended the run", "pull what was recorded, and report it"),
    NOT_VERIFIED: ("not_verified", "no host has proved this session yet", "pull it first: a pull whose checks hold marks it; to lose it unread, name it and add --force"),
    CONFIG_REFUSED: ("config_refused", "the configuration was refused and the one before stays in force", "nothing was changed; `sleeve config show` lists names and ranges"),
}  # fmt: skip

# why a donning was refused, by the status of docs/detector.md §3 (index 0: it was accepted)
REFUSALS = (
    "accepted",
    "moved while standing",
    "fewer than three squats",
    "squats too shallow (45 degrees of knee bend are needed)",
    "no end: stand still after the squats",
    "the squats do not show a clear bending axis",
    "a sensor is upside down or badly turned",
    "thigh and shank sensors are swapped or badly turned",
)
