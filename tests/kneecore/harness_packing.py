# type: ignore
# ruff: noqa: PLW0603
# Runs under MicroPython: argv = [this, folder of kneecore, stream, where the payloads go, "lock" or ""].
# The stream: per batch u32 number, u32 ticks_us, i16 mv, u8 n_shank, u8 n_thigh, then the samples, 6 x i16 each.
# The payloads: u16 length before each. Prints one JSON object.
import gc
import json
import struct
import sys
from array import array

sys.path.insert(0, sys.argv[1])
import micropython

from kneecore.packing import Packer

with open(sys.argv[2], "rb") as f:
    stream = f.read()

packer = Packer()
out = bytearray(len(stream) * 2 + 4096)
at = 0
count = 0
batches = []
i = 0
while i < len(stream):
    number, ticks, mv, n_shank, n_thigh = struct.unpack_from("<IIhBB", stream, i)
    i += 12
    shank = array("h", stream[i : i + 12 * n_shank])
    i += 12 * n_shank
    thigh = array("h", stream[i : i + 12 * n_thigh])
    i += 12 * n_thigh
    batches.append((number, ticks, mv, shank, n_shank, thigh, n_thigh))


def flush():
    global at, count
    n = packer.size()
    out[at] = n & 255
    out[at + 1] = n >> 8
    at += 2 + packer.pack(out, at + 2)
    count += 1


def run():
    for number, ticks, mv, shank, n_shank, thigh, n_thigh in batches:
        if not packer.add(number, ticks, mv, shank, n_shank, thigh, n_thigh):
            flush()
            packer.add(number, ticks, mv, shank, n_shank, thigh, n_thigh)
        if packer.due(number):
            flush()
    if packer.batches:
        flush()


gc.collect()
gc.disable()
before = gc.mem_alloc()
if sys.argv[4]:
    micropython.heap_lock()
run()
if sys.argv[4]:
    micropython.heap_unlock()
allocated = gc.mem_alloc() - before
with open(sys.argv[3], "wb") as f:
    f.write(memoryview(out)[:at])
print(json.dumps({"allocated": allocated, "records": count}))
