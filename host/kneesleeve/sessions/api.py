"""A session for engineers: metadata as attributes, arrays with their units in their names, decoded when first used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kneesleeve.sessions import reader
from kneesleeve.sessions.contents import Contents
from kneesleeve.sessions.layout import CLOSE_REASONS, STATUS_NAMES
from kneesleeve.sessions.losses import Loss
from kneesleeve.sessions.session import Dropout
from kneesleeve.sessions.session import Session as Recorded
from kneesleeve.sessions.tables import Table, batch_table, event_table, stride_table
from kneesleeve.sessions.times import dropout_breaks, sample_times_s
from kneesleeve.sessions.when import started_at

_UDPS_PER_LSB, _UG_PER_LSB = 70_000, 488


def open_session(path: Path | str) -> Session:
    """Open a session file (*.sleeve) of any format version. What is damaged is left out and named in `losses`.

    Raises kneesleeve.SleeveError (a SessionError, with a hint) for a file that is missing, empty, no session file, or
    of a version or with features that are not known here. Nothing of the session raises later.
    """
    return Session(reader.open_contents(path))


class Session:
    """One run. Times count in seconds from its start (the start of the sensors' FIFOs) on the sleeve's clock.

    Tables are dicts of equally long arrays (`pandas.DataFrame(session.strides)` works), NaN where there is no value.
    """

    def __init__(self, contents: Contents) -> None:
        """Use `kneesleeve.open_session`."""
        self.contents = contents  # the records themselves, for the toolkit's own services
        self.path: Path = contents.path
        self.format: int = contents.version
        self.session: int = contents.stream.session_id
        self.meta: dict[str, Any] = contents.meta
        self.params: dict[str, int] = contents.params
        self.calibration: tuple[int, ...] | None = contents.calibration  # 32 integers, docs/detector.md §3.5

    def __repr__(self) -> str:
        return f"<Session {self.session} of {self.device}, {self.length_s:.1f} s, {len(self.contents.strides)} strides>"

    @property
    def device(self) -> str:
        """The sleeve's id; where META is lost, what is known of it."""
        return _text(self.meta.get("device")) or f"tag-{self.contents.stream.header.device_tag:08x}"

    @property
    def level(self) -> str:
        """What was recorded: strides, windows or raw ("unknown" where META is lost)."""
        usual = "raw" if self.meta and self.format == 1 else "unknown"
        return _text(self.meta.get("level")) or usual

    @property
    def build(self) -> str:
        """Version of the firmware, "" if unknown."""
        return _text(self.meta.get("build"))

    @property
    def closed(self) -> bool:
        """True if the sleeve ended the session itself."""
        return self.contents.close is not None

    @property
    def interrupted(self) -> bool:
        """True if it ended by a reset or an empty battery: there is no CLOSE record."""
        return not self.closed

    @property
    def ended_by(self) -> str:
        """button, interrupted, fault or storage full."""
        close = self.contents.close
        return "interrupted" if close is None else CLOSE_REASONS.get(close.reason, f"reason {close.reason}")

    @property
    def marks(self) -> list[str]:
        """What the sleeve noted in the first block it found: closed, interrupted, verified, given_up; not checked."""
        first = self.contents.stream.header
        return [name for bit, name in STATUS_NAMES.items() if first.status & bit]

    @property
    def clean(self) -> bool:
        """True if it was closed and nothing is missing, neither in the file nor in the samples."""
        return self.closed and not self.losses and not self.dropouts

    @property
    def losses(self) -> list[Loss]:
        """What could not be read, in order. Decodes the raw samples, since only that proves them readable."""
        return self.contents.losses

    @property
    def dropouts(self) -> list[Dropout]:
        """Samples that the sleeve itself lost."""
        return self.contents.dropouts

    @property
    def unknown_records(self) -> dict[int, int]:
        """How many records of types that this toolkit does not know, by type."""
        return self.contents.stream.unknown

    @property
    def length_s(self) -> float:
        """Seconds from the start to the last batch."""
        return reader.length_s(self.contents)

    @cached_property
    def started(self) -> datetime | None:
        """The start in wall time (UTC): META's, else from the first TIME record; None if the sleeve never knew."""
        return started_at(self.meta, self.contents.times, self.contents.clock.ms)

    def wall_time(self, t_s: ArrayLike) -> NDArray[np.datetime64] | None:
        """Seconds since the start as datetime64[us] in UTC, any shape; None where the start is not known."""
        if self.started is None:
            return None
        start = np.datetime64(self.started.replace(tzinfo=None), "us")
        return start + np.rint(np.asarray(t_s, np.float64) * 1e6).astype("timedelta64[us]")

    @cached_property
    def strides(self) -> Table:
        """One row a stride: index, ic_s, to_s, collapse_mdeg, …; all columns are in docs/sessions.md."""
        return stride_table(self.contents, self.shank_t_s)

    @cached_property
    def events(self) -> Table:
        """One row an event: t_s, batch, event (name), code, argument (docs/format.md, EVENT codes)."""
        return event_table(self.contents)

    @cached_property
    def batches(self) -> Table:
        """One row a recorded raw batch: batch, t_s, ticks_us, flex_mv (-1: none), shank_samples, thigh_samples."""
        return batch_table(self.contents)

    @property
    def shank_gyro_lsb(self) -> NDArray[np.int16]:
        """Angular rate as recorded, int16 [S, 3], sensor axes x y z, -32768 … 32767."""
        return self.contents.raw_run.shank[:, :3]

    @property
    def shank_accel_lsb(self) -> NDArray[np.int16]:
        """Specific force as recorded, int16 [S, 3]."""
        return self.contents.raw_run.shank[:, 3:]

    @property
    def thigh_gyro_lsb(self) -> NDArray[np.int16]:
        """As `shank_gyro_lsb`, int16 [T, 3]: the thigh's chip has its own clock, so T may differ from S."""
        return self.contents.raw_run.thigh[:, :3]

    @property
    def thigh_accel_lsb(self) -> NDArray[np.int16]:
        """As `shank_accel_lsb`, int16 [T, 3]."""
        return self.contents.raw_run.thigh[:, 3:]

    @cached_property
    def shank_gyro_dps(self) -> NDArray[np.float32]:
        """Angular rate in degrees per second, float32 [S, 3], ±2294."""
        return self._scaled(self.shank_gyro_lsb, "gyro_udps_per_lsb", _UDPS_PER_LSB)

    @cached_property
    def shank_accel_g(self) -> NDArray[np.float32]:
        """Specific force in g, float32 [S, 3], ±16."""
        return self._scaled(self.shank_accel_lsb, "accel_ug_per_lsb", _UG_PER_LSB)

    @cached_property
    def thigh_gyro_dps(self) -> NDArray[np.float32]:
        """As `shank_gyro_dps`, float32 [T, 3]."""
        return self._scaled(self.thigh_gyro_lsb, "gyro_udps_per_lsb", _UDPS_PER_LSB)

    @cached_property
    def thigh_accel_g(self) -> NDArray[np.float32]:
        """As `shank_accel_g`, float32 [T, 3]."""
        return self._scaled(self.thigh_accel_lsb, "accel_ug_per_lsb", _UG_PER_LSB)

    @cached_property
    def shank_t_s(self) -> NDArray[np.float64]:
        """When the shank's samples were taken, float64 [S]."""
        return self._sample_times("shank_samples", 0)

    @cached_property
    def thigh_t_s(self) -> NDArray[np.float64]:
        """When the thigh's samples were taken, float64 [T]."""
        return self._sample_times("thigh_samples", 1)

    @cached_property
    def recorded(self) -> Recorded:
        """The same session as the sleeve's integers: what verify, report and the engines take."""
        return reader.recorded(self.contents)

    def _sample_times(self, column: str, chip: int) -> NDArray[np.float64]:
        batches = self.batches
        breaks: Sequence[int] = dropout_breaks(self.contents, chip)
        return sample_times_s(batches["batch"], batches[column], batches["t_s"], breaks)

    def _scaled(self, lsb: NDArray[np.int16], name: str, usual: int) -> NDArray[np.float32]:
        said = self.meta.get(name)
        per_lsb = said if isinstance(said, int) and 0 < said < 1_000_000 else usual
        return lsb * np.float32(per_lsb / 1e6)


def _text(value: Any) -> str:
    """A word of META, without what a terminal cannot show; "" for what is no text."""
    return "".join(c for c in value[:80] if c.isprintable()) if isinstance(value, str) else ""
