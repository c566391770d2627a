# type: ignore
"""Runs under MicroPython for instructions.py: argv = [this, folder of the app, "kernel" or "batch", arguments ...]."""

import gc
import json
import struct
import sys
from array import array

sys.path.insert(0, sys.argv[1])
import sleeveapp.recorder
import sleeveapp.samples
from kneecore import kernel, pipeline
from kneecore.fifo import WORD, decode
from kneecore.record_queue import RecordQueue
from kneecore.record_stride import StridePacker
from kneecore.records import LEVEL_RAW, LEVEL_WINDOWS
from kneecore.stride import FIELD_COUNT, FIELDS

WORDS = 128  # of a batch's FIFOs, at most


def words(f, code, n):
    a = array(code, bytearray(n * (2 if code == "H" else 4)))
    f.readinto(a)
    return a


def run_kernel(run, repeats, out):
    """Every batch through the kernel `repeats` times, the last time with the state written after every batch.

    Without `out`: the same loop without the call.
    """
    with open(run, "rb") as f:
        co, fresh, table = words(f, "i", kernel.C_WORDS), words(f, "i", kernel.S_WORDS), words(f, "H", 2 * 523)
        heads = words(f, "i", 2 * words(f, "i", 1)[0])
        batches = [(words(f, "H", 12 * heads[i]), heads[i], heads[i + 1]) for i in range(0, len(heads), 2)]
    history = array("i", bytearray(4 * kernel.COLUMNS * kernel.SAMPLES))
    state = array("i", fresh)
    step = kernel.step
    if not out:
        for _ in range(repeats):
            for _samples, _n, _off in batches:
                pass
        return
    for _ in range(repeats - 1):
        state[:] = fresh
        for samples, n, off in batches:
            step(samples, n, off, co, state, history, table)
    state[:] = fresh
    with open(out, "wb") as f:
        for samples, n, off in batches:
            step(samples, n, off, co, state, history, table)
            f.write(state)
        f.write(history)


class Recorder(sleeveapp.recorder.Recorder):
    """Packs its records and throws them away: what the flash costs is not counted here."""

    def __init__(self, level):
        self._queue, self._stride_packer = RecordQueue(6656), StridePacker(FIELDS)
        self._samples = sleeveapp.samples.Samples(self._queue)
        self._scratch = bytearray(self._stride_packer.most)
        self._reset()
        self.recording = True
        self._samples.start(level)

    def write(self, batch):
        if self.due(batch):
            self._queue.drop()


def nothing(*_):
    pass


def run_batches(job, stream, upto, parts):
    """The first `upto` batches of a run through the parts of a batch that are asked for."""
    with open(job) as f:
        job = json.load(f)
    pipe = pipeline.Pipeline(job["params"], job["calibration"])
    recorder = Recorder(LEVEL_WINDOWS if "windows" in parts else LEVEL_RAW)
    shank, thigh, aligner = pipe.shank, pipe.thigh, pipe.aligner
    records = memoryview(pipe.strides)
    records = [records[i * FIELD_COUNT : (i + 1) * FIELD_COUNT] for i in range(kernel.MAX_EVENTS)]
    buffers = memoryview(bytearray(2 * WORD * WORDS))
    strides = 0
    gc.collect()
    with open(stream, "rb") as f:
        head = bytearray(4)
        for batch in range(upto):
            f.readinto(head)
            n_s, n_t, mv = struct.unpack("<BBh", head)
            at, end = 2 * WORD * n_s, 2 * WORD * (n_s + n_t)
            fifo_s, fifo_t = buffers[:at], buffers[at:end]
            f.readinto(fifo_s)
            f.readinto(fifo_t)
            if "decode" in parts:
                decode(fifo_s, 2 * n_s, shank)
                decode(fifo_t, 2 * n_t, thigh)
            if "align" in parts:
                aligner.push(shank, n_s, thigh, n_t)
            bits = 0
            if "detect" in parts:
                bits = pipe.batch(n_s, n_t, mv)
                if batch == 0 and "policy" not in parts:
                    pipe.detection._stance = nothing
            if "record" in parts or "windows" in parts:
                recorder.raw(batch, batch, mv, shank, n_s, thigh, n_t)
                if bits & pipeline.STRIDES:
                    for i in range(pipe.stride_count):
                        recorder.stride(batch, records[i])
                recorder.write(batch)
                recorder.state(pipe)
            if bits & pipeline.STRIDES:
                strides += pipe.stride_count
    print(strides)


if sys.argv[2] == "kernel":
    run_kernel(sys.argv[3], int(sys.argv[4]), sys.argv[5])
else:
    run_batches(sys.argv[3], sys.argv[4], int(sys.argv[5]), sys.argv[6])
