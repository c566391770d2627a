# Loads the app from its slot. Tiny on purpose: it is replaced only after a new app has proved itself.
import gc
import sys

gc.threshold(
    4096
)  # collect often while loading, or the garbage of the imports splits the heap into pieces too small for the buffers
if "/a" not in sys.path:
    sys.path.insert(0, "/a")

from sleeveapp import app  # noqa: E402

gc.threshold(-1)
app.main()
