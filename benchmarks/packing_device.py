# type: ignore
# Runs under MicroPython: argv = [this, folder of kneecore, samples]; prints the cost per pair of samples as JSON.
# The samples: 12 x i16 each, shank gyro, accel, thigh gyro, accel; batches of 4, as on a sleeve.
import json
import sys
import time
from array import array

sys.path.insert(0, sys.argv[1])

from kneecore import kernel, trig
from kneecore.packing import Packer

N = 4

with open(sys.argv[2], "rb") as f:
    samples = array("h", f.read())
batches = []
for b in range(len(samples) // (12 * N)):
    rows = [samples[12 * i : 12 * i + 12] for i in range(b * N, b * N + N)]
    shank = array("h", [v for row in rows for v in row[:6]])
    thigh = array("h", [v for row in rows for v in row[6:]])
    batches.append((shank, thigh, array("H", [v + 32768 for row in rows for v in row])))


def pack_all():
    packer, out = Packer(), bytearray(2048)
    for batch, (shank, thigh, _) in enumerate(batches, 1):
        if not packer.add(batch, 20000 * batch, 1500, shank, N, thigh, N):
            packer.size()
            packer.pack(out, 0)
            packer.add(batch, 20000 * batch, 1500, shank, N, thigh, N)
        if packer.due(batch):
            packer.pack(out, 0)


def kernel_all():
    calibration = [0, 90, 1] + [8192, 0, 0, 0, 8192, 0, 0, 0, 8192] * 2 + [0] * 5 + [1500, 0, 0, 0, 0, 3]
    words, state, table = kernel.coefficients(calibration, 170), kernel.fresh_state(0), trig.table()
    history = array("i", bytearray(4 * kernel.SAMPLES * kernel.COLUMNS))
    for _, _, both in batches:
        kernel.step(both, N, 0, words, state, history, table)


def per_pair_us(work):
    work()
    start = time.ticks_us()
    work()
    return time.ticks_diff(time.ticks_us(), start) / (len(batches) * N)


print(json.dumps({"packing_us": per_pair_us(pack_all), "kernel_us": per_pair_us(kernel_all)}))
