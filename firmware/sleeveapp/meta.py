"""What a session says of itself at its start (docs/format.md, META)."""

import binascii
import json

from kneecore import params, ring_header, trig
from kneecore.stride import FIELDS

from . import BUILD

DETECTOR = 2  # version of docs/detector.md


def detector_id():
    """CRC-32 of the detector's cosine table (u16, little endian) and of the sorted names and defaults of its parameters."""
    text = ",".join(["{}={}".format(name, value) for name, value in sorted(params.defaults().items())])
    return binascii.crc32(text.encode(), binascii.crc32(trig.table()))


def meta(board, config, session, boot, level, started, identity):
    """META's payload. level: a word; started: unix time in ms or None; identity: of `detector_id`. For rest: it allocates some kilobytes."""
    return json.dumps(
        {
            "format": ring_header.VERSION,
            "level": level,
            "build": BUILD,
            "detector": DETECTOR,
            "detector_id": identity,
            "device": board.device_id,
            "board": board.name,
            "session": session,
            "boot": boot,
            "params": config.params,
            "rate_hz": 208,
            "gyro_udps_per_lsb": 70000,
            "accel_ug_per_lsb": 488,
            "calibration_given": config.calibration,
            "stride_fields": FIELDS,
            "started": started,
        }
    ).encode()
