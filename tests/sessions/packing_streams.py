"""Batches for the tests of the packing of RAW records, and the writer's loop around `Packer`."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from kneecore.packing import Packer
from kneesleeve.recordings.drain import Drained
from kneesleeve.sessions.packing import Unpacked

KINDS = ("noise", "alternating", "corners", "constant", "quiet", "swing", "steps", "mixed")
TICKS = 1 << 30


class Batch(NamedTuple):
    """What one drain hands over: samples int16 [n, 6] per chip, n 0 ... 64."""

    number: int
    ticks_us: int
    mv: int
    shank: np.ndarray
    thigh: np.ndarray


def samples(rng: np.random.Generator, kind: str, n: int) -> np.ndarray:
    """int16 [n, 6] of a kind."""
    t = np.arange(n)[:, None]
    if kind == "mixed":
        kinds = rng.choice(KINDS[:-1], 6)
        return np.hstack([samples(rng, str(k), n)[:, :1] for k in kinds])
    shape = {
        "noise": lambda: rng.integers(-32768, 32768, (n, 6)),
        "alternating": lambda: np.where((t + rng.integers(0, 2, 6)) % 2, 32767, -32768),
        "corners": lambda: rng.choice([-32768, -1, 0, 1, 32767], (n, 6)),
        "constant": lambda: np.repeat(rng.choice([-32768, 0, 5, 32767], (1, 6)), n, axis=0),
        "quiet": lambda: 2000 + rng.normal(0, 8, (n, 6)),
        "swing": lambda: 9000 * np.sin(t / rng.uniform(3, 30, 6)) + rng.normal(0, 12, (n, 6)),
        "steps": lambda: np.cumsum(rng.integers(-40, 41, (n, 6)), axis=0) + 20000 * (rng.random((n, 6)) < 0.01),
    }[kind]()
    return np.clip(np.round(shape), -32768, 32767).astype(np.int16)


def stream(
    seed: int, kind: str = "swing", batches: int = 60, most: int = 6, gaps: float = 0.0, jitter_us: int = 300
) -> list[Batch]:
    """Batches of 0 ... `most` samples a chip, as the chips' clocks have it; some numbers are left out."""
    rng = np.random.default_rng(seed)
    fewest = min(most, 4) if rng.random() < 0.5 else 0
    counts = rng.integers(fewest, most + 1, (batches, 2))
    if rng.random() < 0.1:
        counts[:, rng.integers(0, 2)] = 0  # a chip that is silent
    chips = [samples(rng, kind, int(counts[:, chip].sum())) for chip in (0, 1)]
    ends = np.cumsum(counts, axis=0)
    mv = rng.choice([-1, 0, 3300]) if rng.random() < 0.3 else None
    number, ticks, out = int(rng.integers(1, 1 << 20)), int(rng.integers(0, TICKS)), []
    for b in range(batches):
        parts = [chips[chip][ends[b, chip] - counts[b, chip] : ends[b, chip]] for chip in (0, 1)]
        out.append(Batch(number, ticks, int(1500 + rng.integers(-20, 21) if mv is None else mv), *parts))
        missing = 1 + int(rng.random() < gaps)
        number, ticks = number + missing, (ticks + 20_000 * missing + int(rng.integers(0, jitter_us + 1))) % TICKS
    return out


def batches_of(run: Drained) -> list[Batch]:
    """The batches of a run."""
    return [
        Batch(
            b.index, b.ticks_us, b.flex_mv,
            np.hstack([b.shank_gyro, b.shank_accel]), np.hstack([b.thigh_gyro, b.thigh_accel]),
        )
        for b in run.batches()
    ]  # fmt: skip


def arguments(batch: Batch) -> tuple[Any, ...]:
    """As `Packer.add` takes them."""
    shank, thigh = (array("h", np.ascontiguousarray(chip).tobytes()) for chip in (batch.shank, batch.thigh))
    return batch.number, batch.ticks_us, batch.mv, shank, len(batch.shank), thigh, len(batch.thigh)


def pack(batches: Iterable[Batch], packer: Any = None) -> list[bytes]:
    """The payloads of a stream, by the writer's loop."""
    packer = packer or Packer()
    out: list[bytes] = []
    for batch in batches:
        if not packer.add(*arguments(batch)):
            out.append(flushed(packer))
            assert packer.add(*arguments(batch))
        if packer.due(batch.number):
            out.append(flushed(packer))
    return out + ([flushed(packer)] if packer.batches else [])


def flushed(packer: Any) -> bytes:
    """The record that the packer holds, between bytes that must stay."""
    size = packer.size()
    buffer = bytearray(b"\xa5" * (size + 10))
    assert packer.pack(buffer, 7) == size and packer.batches == 0
    assert buffer[:7] + buffer[7 + size :] == b"\xa5" * 10
    return bytes(buffer[7 : 7 + size])


def difference(batches: Sequence[Batch], got: Unpacked) -> str:
    """What is not as it went in, or ""."""
    wanted = {
        "batch": [b.number for b in batches],
        "ticks_us": [b.ticks_us for b in batches],
        "flex_mv": [b.mv for b in batches],
        "n_shank": [len(b.shank) for b in batches],
        "n_thigh": [len(b.thigh) for b in batches],
        "shank": np.vstack([b.shank for b in batches]),
        "thigh": np.vstack([b.thigh for b in batches]),
    }
    if got.bad:
        return f"bad: {got.bad}"
    return ", ".join(name for name, values in wanted.items() if not np.array_equal(getattr(got, name), values))


def plain(batches: Sequence[Batch]) -> bytes:
    """A payload with codec 0, straight from docs/format.md."""
    head = struct.pack("<IBBH", batches[0].number, len(batches), 0, 0)
    rows = [struct.pack("<IhBB", b.ticks_us, b.mv, len(b.shank), len(b.thigh)) for b in batches]
    chips = [b"".join(getattr(b, chip).astype("<i2").tobytes() for b in batches) for chip in ("shank", "thigh")]
    return head + b"".join(rows) + b"".join(chips)
