"""Load the shims, mount the flash image as "/", run boot.py and main.py."""
# ruff: noqa: E402, I001  the order of imports decides which module is found

import gc
import os
import sys
import vfs

import vb_clock  # noqa: F401  before `time`: it needs the built-in one
import esp32
import machine  # noqa: F401
import time  # noqa: F401
import vb_board
from flashdev import FlashDev, NorDev, is_blank

RAW_MARK = "\x00vb-raw\x00"  # the host enters the raw REPL when it sees this
_KEEP = ("machine", "time", "esp32")


def start(folder, cause, raw, namespace):
    """Be a board; `namespace` is the interpreter's `__main__`."""
    scenario = vb_board.setup(folder, cause)
    timing = scenario["flash_us"]
    if scenario["session_blocks"]:  # opened before "/" is another file system
        esp32.partitions["sessions"] = NorDev(scenario["sessions"], scenario["session_blocks"], *timing)
    _mount(scenario["image"], scenario["block_count"], timing)
    _forget_helpers(namespace)
    gc.collect()
    vb_board.tell_ready()
    _run("boot.py", namespace)
    if raw:
        sys.stdout.write(RAW_MARK)
    else:
        _run("main.py", namespace)


def _mount(image, block_count, timing):
    dev = FlashDev(image, block_count, *timing)
    if is_blank(image):
        vfs.VfsLfs2.mkfs(dev, readsize=256, progsize=256)
    fs = vfs.VfsLfs2(dev, readsize=256, progsize=256, mtime=False)
    vfs.umount("/")
    vfs.mount(fs, "/")
    os.chdir("/")


def _forget_helpers(namespace):
    """Leave only what a board has: the firmware may have modules named like ours."""
    for name in list(sys.modules):
        if name not in _KEEP:
            del sys.modules[name]
    for name in ("sys", "vb_start"):
        namespace.pop(name, None)
    sys.path[:] = ["", ".frozen", "/lib"]
    sys.argv[:] = [""]


def _run(name, namespace):
    """Run a file of the root if it is there; an exception is printed, SystemExit is a soft reset."""
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return
    try:
        exec(compile(source, name, "exec"), namespace)
    except SystemExit:
        if not vb_board.has_host():
            raise
        vb_board.restart(vb_board.SOFT_RESET)
    except BaseException as error:
        sys.print_exception(error)
