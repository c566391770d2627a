"""Accuracy on the development recordings, by the scoring script beside them: the table of docs/detector.md §9.

usage: python benchmarks/accuracy.py [FOLDER]     FOLDER: with score.py and data/, default ../shared

The running recordings are virtual IMUs computed from real motion; walking and landings are real IMUs.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SLEEVE = Path(sys.executable).with_name("sleeve")
FOLDERS = ("running_treadmill", "running_3min", "walking_real_imu", "landing_real_imu")
SHOWN = (
    ("contacts found / false", "contacts_found", "contacts_false"),
    ("contact SD, median / worst (ms)", "ic_sd_ms_median", "ic_sd_ms_max"),
    ("toe-off SD, median (ms)", "to_sd_ms_median"),
    ("collapse error SD, median / p90 (deg)", "collapse_sd_deg_median", "collapse_sd_deg_p90"),
    ("an estimate that never changes (deg)", "constant_sd_deg_median"),
    ("r, slope (medians)", "r_median", "slope_median"),
    ("added collapse found / false share", "event_sensitivity", "event_false_share"),
    ("judged", "judged"),
    ("cadence, worst error (/min)", "cadence_err_max_spm"),
    ("strides, cues where none should be", "strides_where_none_should_be", "cues_where_none_should_be"),
    ("failed", "failed"),
)


def main() -> int:
    shared = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared"
    if not (shared / "score.py").exists():
        print(f"no recordings with truth at {shared}: nothing is scored (give their folder as the argument)")
        return 0
    for folder in FOLDERS:
        show(folder, shared)
    return 0


def show(folder: str, shared: Path) -> None:
    """One folder's totals, and left and right legs apart."""
    recordings = sorted(map(str, (shared / "data" / folder).glob("*.npz")))
    command = [sys.executable, str(shared / "score.py"), "--sleeve", str(SLEEVE), *recordings]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    total = json.loads(lines[-1].removeprefix("TOTAL "))[folder]
    print(f"{folder}: {total['recordings']} recordings")
    for label, *keys in SHOWN:
        values = [total[k] for k in keys if total.get(k) is not None]
        if values:
            print(f"  {label:42s}" + "  ".join(f"{v:.4g}" for v in values))
    for side in "LR":
        rows = [row for row in lines[:-1] if f"_{side}.npz" in row and "collapse_sd_deg" in row]
        if rows:
            found = [statistics.median(value(row, key) for row in rows) for key in ("collapse_sd_deg", "r", "slope")]
            print(f"  {side}: collapse SD, r, slope{'':20s}" + "  ".join(f"{v:.4g}" for v in found))


def value(row: str, key: str) -> float:
    """A figure out of a line of the scoring script."""
    found = re.search(rf"\b{key}=([-\d.e]+)", row)
    return float(found.group(1)) if found else float("nan")


if __name__ == "__main__":
    sys.exit(main())
