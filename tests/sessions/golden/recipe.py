"""How the golden files were made: `python tests/sessions/golden/recipe.py FOLDER`.

A golden file is never made anew: it stands for the files that are out there. A new format version gets a new one beside
it. Each holds a record of every type its version has, raw batches packed by the sleeve's own packer where there is one.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from session_files import RAW, STRIDE, SessionFile
from stride_bits import pack_stride

from kneecore.stride import FIELD_NAMES, FIELDS

NULL = -0x20000000
FIRST_US = 20_400


def values(batch: int, chip: int, n: int) -> list[tuple[int, ...]]:
    """Samples of all sizes, extremes among them, by a rule that the test repeats."""
    rows = []
    for i in range(n):
        k = 9 * batch + i
        extreme = 32767 if k % 11 else -32768
        rows.append(((37 * k) % 901 - 450, -k * chip, (k * k * 7) % 65536 - 32768, chip, extreme, -1))
    return rows


def batches(first: int, n: int) -> list[tuple[int, int, int, Any, Any]]:
    """(number, ticks_us, mv, shank, thigh): 4 or 5 samples, some batches empty for one chip, one without flex."""
    return [
        (b, FIRST_US + 20_000 * (b - 1) + b % 3, -1 if b == first + 2 else 900 + b,
         values(b, 1, 4 + (b % 6 == 0)), values(b, 2, 0 if b % 7 == 3 else 4))
        for b in range(first, first + n)
    ]  # fmt: skip


def session(version: int) -> SessionFile:
    fields = FIELD_NAMES[:18] if version == 1 else FIELDS  # what sleeves of that version wrote
    entries = {"build": "0.1.0", "board": "esp32", "started": 1_700_000_000_000, "stride_fields": fields}
    made = SessionFile(12, version=version, device="7c9ebd4a1e02", **entries)
    add_raw(made, batches(1, 30))
    made.calibration(30)
    made.event(30, 7, 90)
    add_stride(made, index=0, ic=70, to=NULL, judged=0, collapse_mdeg=NULL, batch=30, reason=3)
    add_raw(made, batches(31, 20))
    made.dropout(50, samples=104, chip=1, cause=2)
    add_raw(made, [(b, t + 500_000, mv, s, th) for b, t, mv, s, th in batches(51, 10)])
    add_stride(made, index=1, ic=220, to=272, judged=1, over=1, collapse_mdeg=4321, raw_collapse_mdeg=-4400,
               jerk=-1234567, stride_samples=150, reason=1, cue_ms=140, cue_batch=60, batch=60)  # fmt: skip
    made.event(60, 3, 140)
    if version > 1:
        made.state(60, bytes(range(64)))
        made.time(60, 2_000, 1_700_000_001_720)
    made.record(200, b"a type from the future")
    made.close(60, thigh_ppm=-1200, shank_ppm=4000)
    return made


def add_stride(made: SessionFile, **fields: int) -> None:
    if made.version == 1:
        made.record(STRIDE, struct.pack("<18i", *(fields.get(name, 0) for name in FIELD_NAMES[:18])))
    else:
        made.record(STRIDE, pack_stride([fields.get(name, 0) for name in FIELD_NAMES], FIELDS))


def add_raw(made: SessionFile, rows: list[Any]) -> None:
    if made.version == 1:
        made.raws(rows)
        return
    from kneecore.packing import MAX_PAYLOAD, Packer

    packer, out = Packer(), bytearray(MAX_PAYLOAD)
    for number, ticks, mv, shank, thigh in rows:
        words = [array("h", [v for row in chip for v in row]) for chip in (shank, thigh)]
        what = (number, ticks, mv, words[0], len(shank), words[1], len(thigh))
        if not packer.add(*what):
            made.record(RAW, bytes(out[: packer.pack(out, 0)]))
            packer.add(*what)
    made.record(RAW, bytes(out[: packer.pack(out, 0)]))


def summary(path: Path) -> dict[str, Any]:
    """What a reader says of a file, as plain values."""
    import kneesleeve

    s = kneesleeve.open_session(path)
    return {
        "format": s.format, "device": s.device, "session": s.session, "level": s.level, "started": str(s.started),
        "length_s": s.length_s, "closed": s.closed, "losses": [str(loss) for loss in s.losses],
        "unknown": {str(k): n for k, n in s.unknown_records.items()},
        "strides": [dict(zip(FIELD_NAMES, v, strict=True)) for v in s.recorded.strides],
        "events": [list(e) for e in s.recorded.events], "dropouts": [list(d) for d in s.dropouts],
        "calibration": list(s.calibration or ()), "close": list(s.recorded.close or ()),
        "states": [[b, k, d.hex()] for b, k, d in s.recorded.states], "times": [list(t) for t in s.recorded.times],
        "batches": {name: column.tolist() for name, column in s.batches.items()},
    }  # fmt: skip


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for version in (1, 2):
        path = folder / f"format{version}.sleeve"
        path.write_bytes(session(version).data())
        path.with_suffix(".json").write_text(json.dumps(summary(path)) + "\n")
