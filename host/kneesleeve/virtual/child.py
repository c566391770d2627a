"""Process start of the interpreter: `python -I -S child.py MODULE micropython ARGS...`.

Takes standard input as its controlling terminal when it is one, so that the interpreter ends with it,
then becomes MicroPython. It imports nothing of the toolkit: start-up time counts.
"""

import fcntl
import os
import signal
import sys
import termios
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader


def main() -> int:
    """Run the interpreter with the arguments after the module's path."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the interpreter sets its own when code runs
    if os.isatty(0) and os.getsid(0) == os.getpid():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    spec = spec_from_loader("micropython_module", ExtensionFileLoader("micropython_module", sys.argv[1]))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.run_main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
