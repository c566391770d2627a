"""The packing in checked integers: nothing leaves 31 bits, no store or load its buffer, under the worst samples."""

from __future__ import annotations

import sys
from pathlib import Path

import checked
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).resolve().parents[1] / "sessions"))

from packing_streams import KINDS, Batch, pack, stream

CALM = settings(deadline=None, derandomize=True)


class Out(checked.Array):
    """A buffer of bytes that checks what is stored."""

    def __init__(self, n: int) -> None:
        super().__init__("B", bytearray(n))


@pytest.fixture(scope="module")
def core():
    """The checked modules."""
    with pytest.MonkeyPatch.context() as patch:
        wanted = [name for name in ("packing_kernel", "packing") if name not in checked.CHECKED]
        patch.setattr(checked, "CHECKED", (*checked.CHECKED, *wanted))
        return checked.load()


def packed(core, batches: list[Batch], n: int = 2000) -> list[bytes]:
    """By the writer's loop, in checked integers."""
    small, packer, out = checked.Small, core.packing.Packer(), []

    def flush() -> None:
        size, buffer = packer.size(), Out(n)
        assert packer.pack(buffer, small(5)) == size
        out.append(bytes(buffer.v[5 : 5 + size]))

    for b in batches:
        chips = [checked.Array("h", chip.ravel().tolist()) for chip in (b.shank, b.thigh)]
        given = [small(v) for v in (b.number, b.ticks_us, b.mv)]
        given += [chips[0], small(len(b.shank)), chips[1], small(len(b.thigh))]
        if not packer.add(*given):
            flush()
            assert packer.add(*given)
        if packer.due(b.number):
            flush()
    if packer.batches:
        flush()
    return out


@settings(CALM, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from(KINDS), st.sampled_from([3, 6, 64]))
def test_any_samples(core, seed, kind, most):
    batches = stream(seed, kind, 10 if most == 64 else 30, most, 0.1, 40_000)
    assert packed(core, batches) == pack(batches)


def test_the_largest_counters(core):
    """Batch numbers of a day and more, ticks at the end of the counter."""
    still = np.zeros((4, 6), np.int16)
    batches = [Batch((1 << 29) + i, ((1 << 30) - 40_000 + 20_000 * i) % (1 << 30), -1, still, still) for i in range(8)]
    assert packed(core, batches) == pack(batches)


def test_errors_summed_over_records_of_the_largest_batches(core):
    """Full-scale alternation in every batch that compares the predictors, record after record."""
    chip = np.tile(np.array([[32767], [-1], [-32768], [0]], np.int16), (16, 6))
    batches = [Batch(4 * i, 20_000 * i, 3300, chip, chip) for i in range(1, 25)]
    assert packed(core, batches) == pack(batches)


def test_the_texts_own_bound_is_near_what_can_happen(core):
    """The proof's largest product, reached: u = 65535 at g = 0."""
    kernel = core.packing_kernel
    state, powers = kernel.fresh_state(), checked.Array("H", [1 << i for i in range(15)])
    residuals = checked.Array("H", [65535] * kernel.RESIDUALS)
    for word, n in ((kernel.BATCHES, 32), (kernel.BATCHES + 1, 256), (kernel.BATCHES + 2, 256)):
        state[word] = n
    size = kernel.plan(residuals, state, powers)
    assert size == 60 + -(-(4 * 31 + 12 * 255) * 4 // 8) + -(-(4 * 31 + 12 * 255) * 14 // 8)
    out = Out(size)
    assert kernel.put(out, checked.Small(12), residuals, state, powers) == size
    residuals.v[:] = [0] * len(residuals)
    state = kernel.fresh_state()
    for word, n in ((kernel.BATCHES, 1), (kernel.BATCHES + 1, 256), (kernel.BATCHES + 2, 1)):
        state[word] = n
    assert kernel.plan(residuals, state, powers) == 60 + -(-6 * 255 // 8)
