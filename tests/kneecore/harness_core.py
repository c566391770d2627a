# type: ignore
# ruff: noqa: F821, PLW0603
# Runs under MicroPython: argv = [this, folder of kneecore, job.json, stream.bin]; prints one JSON object.
# The stream: per batch u8 n_shank, u8 n_thigh, i16 mv, then the samples, 6 x i16 each.
import binascii
import gc
import json
import sys
from array import array

sys.path.insert(0, sys.argv[1])
import micropython

from kneecore import pipeline
from kneecore.stride import FIELD_COUNT

with open(sys.argv[2]) as f:
    job = json.load(f)
with open(sys.argv[3], "rb") as f:
    stream = f.read()


@micropython.viper
def fill(source: ptr8, at: int, to: ptr8, n: int):
    for i in range(n):
        to[i] = source[at + i]


pipe = pipeline.Pipeline(job["params"], job["calibration"])
found = array("i", bytearray(4 * FIELD_COUNT * 400))
beats = array("i", bytearray(4 * 3 * 400 + 4))  # how many, then batch, delay, length of each
refreshes = array("i", bytearray(4 * 100))
count = at = samples = 0
end = len(stream)
refused = False


def one():
    """The next batch; allocates nothing by itself."""
    global at, count, samples
    n_s, n_t = stream[at], stream[at + 1]
    mv = ((stream[at + 2] | stream[at + 3] << 8) ^ 0x8000) - 0x8000
    fill(stream, at + 4, pipe.shank, 12 * n_s)
    fill(stream, at + 4 + 12 * n_s, pipe.thigh, 12 * n_t)
    at += 4 + 12 * (n_s + n_t)
    samples += n_s
    bits = pipe.batch(n_s, n_t, mv)
    if bits & 8:
        for i in range(FIELD_COUNT * pipe.stride_count):
            found[FIELD_COUNT * count + i] = pipe.strides[i]
        count += pipe.stride_count
    if bits & pipeline.REFRESHED:
        refreshes[0] += 1
        refreshes[refreshes[0]] = pipe.batches
    if bits & pipeline.BEAT:
        n = 3 * beats[0] + 1
        beats[n], beats[n + 1], beats[n + 2] = pipe.batches, pipe.metronome.delay_us, pipe.metronome.beat_ms
        beats[0] += 1
    return bits


while at < end and not pipe.running and not refused:
    refused = bool(one() & pipeline.REFUSED)

before = after = locked_samples = 0
if not refused:
    gc.collect()
    gc.disable()
    start = samples
    before = gc.mem_alloc()
    if job["lock"]:
        micropython.heap_lock()
    while at < end:
        one()
    if job["lock"]:
        micropython.heap_unlock()
    after = gc.mem_alloc()
    gc.enable()
    locked_samples = samples - start


def fingerprint():
    """The state's bytes: every word that later strides hang on."""
    state = bytearray(16384)
    n = pipe.save(state)
    return binascii.hexlify(state[:n]).decode()


calibration = list(pipe.calibration) if pipe.calibration else None
print(
    json.dumps(
        {
            "calibration": calibration,
            "accepted_batch": pipe.accepted_batch,
            "fault": pipe.fault,
            "strides": [list(found[i * FIELD_COUNT : (i + 1) * FIELD_COUNT]) for i in range(count)],
            "running_samples": locked_samples,
            "allocated": after - before,
            "state": fingerprint(),
            "beats": [list(beats[3 * i + 1 : 3 * i + 4]) for i in range(beats[0])],
            "refreshes": list(refreshes[1 : 1 + refreshes[0]]),
        }
    )
)
