# type: ignore
# ruff: noqa: F821
# Runs under MicroPython for benchmarks/instructions.py: argv = [this, folder of the app, job, arguments ...].
import sys
from array import array

sys.path.insert(0, sys.argv[1])

from kneecore import kernel


def words(f, code, n):
    a = array(code, bytearray(n * (2 if code == "H" else 4)))
    f.readinto(a)
    return a


def run_kernel(run, repeats, out):
    """Every batch of the run through the kernel, `repeats` times; the last time the state is written after every batch."""
    with open(run, "rb") as f:
        co, fresh, table = words(f, "i", kernel.C_WORDS), words(f, "i", kernel.S_WORDS), words(f, "H", 2 * 523)
        heads = words(f, "i", 2 * words(f, "i", 1)[0])
        batches = [(words(f, "H", 12 * heads[i]), heads[i], heads[i + 1]) for i in range(0, len(heads), 2)]
    history = array("i", bytearray(4 * kernel.COLUMNS * kernel.SAMPLES))
    state = array("i", fresh)
    step = kernel.step
    with open(out, "wb") as f:
        for left in range(repeats, 0, -1):
            for i in range(kernel.S_WORDS):
                state[i] = fresh[i]
            for samples, n, off in batches:
                step(samples, n, off, co, state, history, table)
                if left == 1:
                    f.write(state)
        f.write(history)


if sys.argv[2] == "kernel":
    run_kernel(sys.argv[3], int(sys.argv[4]), sys.argv[5])
