"""Start of the virtual board: argv = [this file, run folder, reset cause, "raw" | "run"].

Loads the shims, mounts littlefs as "/", then does as a board does: boot.py, main.py ("run" only:
a soft reset out of the raw REPL skips it), REPL (by the interpreter's option -i).
"""

import sys

try:
    import vb_start

    vb_start.start(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "raw", globals())
except Exception as error:
    import os

    sys.print_exception(error)
    # With option -i even sys.exit leads to the REPL: a board that did not start must end.
    os.system("kill -KILL $PPID")
