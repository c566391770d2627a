"""Whether a stride that was over is cued, and for how long (docs/detector.md §7)."""

from __future__ import annotations

from collections import deque

from kneecore.stride import R_CADENCE, R_CUED, R_DUTY, R_FADED, R_K_OF_N, R_LATE, R_NO_ROOM, R_QUIET, R_WITHIN
from kneesleeve.reference.integers import clamp_int
from kneesleeve.reference.types import Params

CADENCE_MODE = 2  # of cue_mode
LATEST = 83  # samples after contact, 399 ms
SPARE = 6  # samples between pulse and next contact
DUTY_WINDOW, DUTY_MS = 12480, 12000  # 60 s in samples, 20 % of it


def share_pct(run_number: int) -> int:
    """Share of eligible strides that are cued, faded over eight runs."""
    return 100 if run_number <= 4 else {5: 75, 6: 50, 7: 25}.get(run_number, 0)


class Cue:
    """The policy over one run: remembers the last decisions, the schedule's remainder and the pulses of 60 s."""

    def __init__(self, params: Params) -> None:
        self._params = params
        self._share = share_pct(params["run_number"])
        self._acc = 0
        self._decisions: deque[bool] = deque(maxlen=params["cue_n"])
        self._pulses: deque[tuple[int, int]] = deque()  # (now, cue_ms)

    def judge(self, over: bool, excess: int, ic: int, stride_samples: int, now: int) -> tuple[int, int]:
        """Reason and cue_ms of a judged stride from the 35th on; excess in millidegrees, the rest in samples."""
        self._decisions.append(over)
        if not over:
            return R_WITHIN, 0
        reason = self._withheld()
        if reason:
            return reason, 0
        if now - ic > LATEST:
            return R_LATE, 0
        room_ms = ((ic + stride_samples - SPARE - now) * 625) // 130
        if room_ms < self._params["cue_min_ms"]:
            return R_NO_ROOM, 0
        return self._pulse(excess, room_ms, now)

    def _withheld(self) -> int:
        """Reason of the settings and the schedule, 0 for none."""
        if self._params["cue_mode"] == 0:
            return R_QUIET
        if self._params["cue_mode"] == CADENCE_MODE:
            return R_CADENCE
        if sum(self._decisions) < self._params["cue_k"]:
            return R_K_OF_N
        self._acc += self._share
        if self._acc < 100:
            return R_FADED
        self._acc -= 100
        return 0

    def _pulse(self, excess: int, room_ms: int, now: int) -> tuple[int, int]:
        p = self._params
        longer = clamp_int(excess, 0, 20000) * p["cue_gain_ms_per_deg"] // 1000
        wanted = min(clamp_int(p["cue_min_ms"] + longer, p["cue_min_ms"], p["cue_max_ms"]), room_ms)
        while self._pulses and now - self._pulses[0][0] >= DUTY_WINDOW:
            self._pulses.popleft()
        cue_ms = min(wanted, DUTY_MS - sum(ms for _, ms in self._pulses))
        if cue_ms < p["cue_min_ms"]:
            return R_DUTY, 0
        self._pulses.append((now, cue_ms))
        return R_CUED, cue_ms
