"""The part of `esp32` a virtual sleeve has: nothing yet. No `Partition`: the session ring lives in a file."""
